/**
 * A daemon from its parts: accounts, services, and where it listens.
 * @module
 */
import { chmodSync, mkdirSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { Network } from "@chat/sdk";
import type { ConnectRouter } from "@connectrpc/connect";
import { Accounts } from "./accounts.ts";
import { DaemonError } from "./errors.ts";
import { AccountService } from "./gen/chat/daemon/v1/account_pb.ts";
import { ConversationService } from "./gen/chat/daemon/v1/conversation_pb.ts";
import { DaemonService } from "./gen/chat/daemon/v1/daemon_pb.ts";
import { MessageService } from "./gen/chat/daemon/v1/message_pb.ts";
import { Listener, type RequestHandler } from "./listen/listener.ts";
import { requestHandler } from "./listen/request-handler.ts";
import { listenOnSocket } from "./listen/socket-path.ts";
import { Token } from "./listen/token.ts";
import { jsonLog, type Log } from "./log.ts";
import { accountService } from "./services/account.ts";
import { conversationService } from "./services/conversation.ts";
import { daemonService } from "./services/daemon.ts";
import { messageService } from "./services/message.ts";
import { Uploads } from "./uploads.ts";

export interface DaemonOptions {
  /** Has the accounts, and the socket unless another path is given. Made with mode 0700 if it is not there. */
  readonly dataDir: string;
  /** @default `<dataDir>/chatd.sock`, unless `tcpPort` is given */
  readonly socket?: string;
  /** Also, or only, on this port of 127.0.0.1; 0 takes a free one. @default none */
  readonly tcpPort?: number;
  /** For accounts that ask for none. @default "devnet" */
  readonly network?: Network | ((account: string) => Network);
  /** @default nobody */
  readonly log?: Log;
}

export interface Daemon extends AsyncDisposable {
  /** Where it listens: a path, or `127.0.0.1:port`. */
  readonly socket?: string;
  readonly tcp?: string;
  /** Callers send what is in this file as `authorization: Bearer <token>`. */
  readonly tokenFile: string;
  /** Resolves when it has shut down, whoever asked for that. */
  readonly closed: Promise<void>;
  close(): Promise<void>;
}

/** For the answers that are under way when it shuts down. */
const GRACE_MS = 2_000;

/** @throws {@link DaemonError} `INVALID_OPTION`, `SOCKET_IN_USE` */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { dataDir, tcpPort, network = "devnet", log = jsonLog("silent", () => {}) } = options;
  const socket = options.socket ?? (tcpPort === undefined ? join(dataDir, "chatd.sock") : undefined);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chmodSync(dataDir, 0o700); // accounts have their keys beside them
  const accounts = new Accounts({
    folder: join(dataDir, "accounts"),
    networkOf: typeof network === "function" ? network : () => network,
    log,
  });
  const closing = new AbortController();
  const uploads = new Uploads();
  const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
  let ending: Promise<void> | undefined;
  const close = () => {
    ending ??= end();
    return ending;
  };
  const routes = (router: ConnectRouter) => {
    // After the answer is out.
    router.service(
      DaemonService,
      daemonService(accounts, () => setImmediate(() => void close())),
    );
    router.service(AccountService, accountService(accounts));
    router.service(ConversationService, conversationService(accounts));
    router.service(MessageService, messageService(accounts, uploads, closing.signal));
  };
  const listeners: Listener[] = [];
  // The socket first: only who holds it may write the token beside it.
  let token: Token | undefined;
  let handle: RequestHandler = (_, response) => response.destroy();
  const openListener = () => {
    const listener = new Listener((request, response) => handle(request, response));
    listeners.push(listener);
    return listener;
  };
  const end = async () => {
    closing.abort();
    await Promise.all(listeners.map((listener) => listener.close(GRACE_MS)));
    await accounts.closeAll();
    token?.remove();
    log.info("stopped", {});
    onClosed();
  };
  try {
    if (socket !== undefined) {
      await listenOnSocket(openListener().server, socket);
    }
    const tcp = tcpPort === undefined ? undefined : await listenOnLoopback(openListener(), tcpPort);
    token = new Token(socket === undefined ? join(dataDir, "chatd.token") : `${socket}.token`);
    handle = requestHandler({ token, log, routes, closing: closing.signal });
    log.info("started", { pid: process.pid });
    return {
      ...(socket !== undefined && { socket }),
      ...(tcp !== undefined && { tcp }),
      tokenFile: token.path,
      closed,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listenOnLoopback({ server }: Listener, port: number): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      const inUse = "code" in error && error.code === "EADDRINUSE";
      reject(inUse ? new DaemonError("SOCKET_IN_USE", `tcp: want a free port, got ${port}; 0 takes any`) : error);
    });
    server.listen(port, "127.0.0.1", resolve);
  });
  const address = server.address() as AddressInfo;
  return `${address.address}:${address.port}`;
}
