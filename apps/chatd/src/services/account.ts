/** Accounts and their invites. @module */
import type { ServiceImpl } from "@connectrpc/connect";
import type { Accounts } from "../accounts.ts";
import { connectionToWire } from "../convert/enums.ts";
import { quotaToWire } from "../convert/message.ts";
import type { AccountService } from "../gen/chat/daemon/v1/account_pb.ts";

export function accountService(accounts: Accounts): ServiceImpl<typeof AccountService> {
  return {
    openAccount: async (request) => {
      const { accountId } = await accounts.open(request);
      return { account: { name: request.name, isOpen: true, id: accountId } };
    },
    closeAccount: async ({ account }) => {
      await accounts.close(account);
      return {};
    },
    listAccounts: async () => {
      const all = await accounts.list();
      return {
        accounts: all.map(({ name, client }) => ({ name, isOpen: client !== undefined, id: client?.accountId ?? "" })),
      };
    },
    getHealth: async ({ account }) => {
      const { health, quota, discarded, serviceNodes } = await accounts.get(account);
      return {
        connection: connectionToWire(health),
        quota: quotaToWire(quota),
        discarded: Object.fromEntries(Object.entries(discarded).map(([reason, count]) => [reason, BigInt(count)])),
        serviceNodes: serviceNodes.map(({ address, state, problem = "" }) => ({ address, state, problem })),
      };
    },
    examine: async ({ account }) => {
      const { checks, isHealthy } = await (await accounts.get(account)).doctor();
      return { checks: checks.map(({ remedy = "", ...check }) => ({ ...check, remedy })), isHealthy };
    },
    createInvite: async ({ account, expiresInMs, multiUse, postQuantum }) => {
      const client = await accounts.get(account);
      const expiry = expiresInMs !== undefined && { expiresInMs: Number(expiresInMs) };
      return { link: await client.createInvite({ ...expiry, multiUse, postQuantum }) };
    },
    listInvites: async ({ account }) => {
      const invites = await (await accounts.get(account)).invites();
      return {
        invites: invites.map(({ id, link, createdAt, expiresAt, isMultiUse, isPostQuantum }) => ({
          id,
          link,
          createdAtMs: BigInt(createdAt.getTime()),
          expiresAtMs: BigInt(expiresAt?.getTime() ?? 0),
          multiUse: isMultiUse,
          postQuantum: isPostQuantum,
        })),
      };
    },
    revokeInvite: async ({ account, inviteId }) => {
      await (await accounts.get(account)).revokeInvite(inviteId);
      return {};
    },
  };
}
