/** Daemons in a folder of their own, and clients of them, for tests. @module */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Daemon, type DaemonOptions, startDaemon } from "@chat/chatd";
import { MemoryNetwork } from "@chat/sdk/testing";
import { type Client, Code, ConnectError, createClient, type Interceptor, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { AccountService } from "../src/gen/chat/daemon/v1/account_pb.ts";
import { ConversationService } from "../src/gen/chat/daemon/v1/conversation_pb.ts";
import { DaemonService } from "../src/gen/chat/daemon/v1/daemon_pb.ts";
import { ErrorDetailSchema } from "../src/gen/chat/daemon/v1/error_pb.ts";
import { MessageService, type SubscribeResponse } from "../src/gen/chat/daemon/v1/message_pb.ts";

export const PROTOCOLS = ["connect over HTTP/1.1", "connect over HTTP/2", "gRPC", "gRPC-Web"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export type Clients = {
  readonly daemon: Client<typeof DaemonService>;
  readonly accounts: Client<typeof AccountService>;
  readonly conversations: Client<typeof ConversationService>;
  readonly messages: Client<typeof MessageService>;
};

export function temporaryFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), "chatd-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** On a network in memory, unless the options name another. */
export function start(dataDir: string, options: Partial<DaemonOptions> = {}): Promise<Daemon> {
  const network = new MemoryNetwork();
  return startDaemon({ dataDir, network: () => network.connect(), ...options });
}

type Place = Pick<Daemon, "socket" | "tcp" | "tokenFile">;

export function clientsOf(place: Place, protocol: Protocol = "connect over HTTP/1.1", token?: string): Clients {
  const transport = transportTo(place, protocol, token ?? readFileSync(place.tokenFile, "utf8"));
  return {
    daemon: createClient(DaemonService, transport),
    accounts: createClient(AccountService, transport),
    conversations: createClient(ConversationService, transport),
    messages: createClient(MessageService, transport),
  };
}

function transportTo({ socket, tcp }: Place, protocol: Protocol, token: string): Transport {
  const baseUrl = `http://${tcp ?? "localhost"}`;
  const withToken: Interceptor = (next) => (request) => {
    request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
  const common = { baseUrl, interceptors: [withToken] };
  const http1 = {
    ...common,
    httpVersion: "1.1",
    nodeOptions: socket === undefined ? {} : { socketPath: socket },
  } as const;
  const nodeOptions = socket === undefined ? {} : { createConnection: () => connect(socket) };
  const http2 = { ...common, httpVersion: "2", nodeOptions } as const;
  switch (protocol) {
    case "connect over HTTP/1.1":
      return createConnectTransport(http1);
    case "connect over HTTP/2":
      return createConnectTransport(http2);
    case "gRPC":
      return createGrpcTransport(http2);
    case "gRPC-Web":
      return createGrpcWebTransport(http1);
  }
}

/** What a failed call says: the status, and the code of the error. */
export async function failureOf(
  call: Promise<unknown>,
): Promise<{ status: string; code?: string; retryable?: boolean }> {
  try {
    await call;
  } catch (error) {
    const failure = ConnectError.from(error);
    const [detail] = failure.findDetails(ErrorDetailSchema);
    const name = Code[failure.code] ?? "";
    return detail ? { status: name, code: detail.code, retryable: detail.retryable } : { status: name };
  }
  throw new Error("want a call that fails, got one that succeeded");
}

/** Opens two accounts and a conversation between them that has begun. */
export async function introduce(clients: Clients, names = { raya: "raya", saro: "saro" }) {
  const settings = { acknowledgementDelayMs: 0 };
  await clients.accounts.openAccount({ name: names.raya, ...settings });
  await clients.accounts.openAccount({ name: names.saro, ...settings });
  const { link } = await clients.accounts.createInvite({ account: names.raya });
  const content = { kind: { case: "text", value: "hello" } } as const;
  const { conversationId } = await clients.conversations.acceptInvite({ account: names.saro, link, content });
  return { conversationId };
}

export function textOf({ item }: SubscribeResponse): string | undefined {
  const content = item.case === "message" ? item.value.content?.kind : undefined;
  return content?.case === "text" ? content.value : undefined;
}
