/** The daemon itself: which one it is, and its end. @module */
import type { ServiceImpl } from "@connectrpc/connect";
import type { Accounts } from "../accounts.ts";
import type { DaemonService } from "../gen/chat/daemon/v1/daemon_pb.ts";
import { API_REVISION, daemonVersion } from "../version.ts";

export function daemonService(accounts: Accounts, shutDown: () => void): ServiceImpl<typeof DaemonService> {
  const startedAtMs = BigInt(Date.now());
  return {
    getInfo: () => ({
      version: daemonVersion(),
      apiRevision: API_REVISION,
      processId: process.pid,
      startedAtMs,
      openAccounts: accounts.openCount,
    }),
    shutdown: () => {
      shutDown();
      return {};
    },
  };
}
