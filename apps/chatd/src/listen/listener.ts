/**
 * One socket for HTTP/1.1 and HTTP/2 without TLS: gRPC needs the latter, and Connect and gRPC-Web are happy with either.
 * @module
 */
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createServer as createHttp2,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import { createServer, type Server, type Socket } from "node:net";

export type RequestHandler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

/** With which a client of HTTP/2 begins (RFC 9113, section 3.4). */
const PREFACE = Buffer.from("PRI * HTTP/2");
const MAX_CONNECTIONS = 256;
/** For the first bytes of a connection, which say what is spoken. */
const FIRST_BYTES_MS = 30_000;

export class Listener {
  readonly server: Server;
  readonly #sockets = new Set<Socket>();
  /** Of HTTP/1.1, without a call under way. */
  readonly #idle = new Set<Socket>();
  #isClosing = false;
  readonly #sessions = new Set<ServerHttp2Session>();

  constructor(handle: RequestHandler) {
    // An upload may take its time.
    const http1 = createHttp1({ requestTimeout: 0 }, (request, response) => {
      const { socket } = request; // afterwards it may have none
      this.#idle.delete(socket);
      response.once("close", () => {
        if (this.#isClosing) socket.end();
        else if (!socket.destroyed) this.#idle.add(socket);
      });
      handle(request, response);
    });
    const http2 = createHttp2({ maxSessionInvalidFrames: 100 }, handle);
    http2.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
    http2.on("sessionError", () => {}); // the session ends; others go on
    this.server = createServer((socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => {
        this.#sockets.delete(socket);
        this.#idle.delete(socket);
      });
      socket.on("error", () => {});
      socket.setTimeout(FIRST_BYTES_MS, () => socket.destroy());
      awaitFirstBytes(socket, (isHttp2) => {
        socket.setTimeout(0);
        if (!isHttp2) this.#idle.add(socket);
        (isHttp2 ? http2 : http1).emit("connection", socket);
      });
    });
    this.server.maxConnections = MAX_CONNECTIONS;
  }

  /** Takes no new connections; those that are idle end, the others when their calls have ended, or after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    for (const socket of this.#idle) socket.end();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }
}

/** Reads as little as tells the two apart, and puts it back. */
function awaitFirstBytes(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const compared = Math.min(seen.length, PREFACE.length);
    const isHttp2 = seen.subarray(0, compared).equals(PREFACE.subarray(0, compared));
    if (isHttp2 && compared < PREFACE.length) return;
    socket.off("data", onData);
    socket.pause();
    socket.unshift(seen);
    decide(isHttp2);
    if (!isHttp2) socket.resume(); // HTTP/2 fetches what was put back by itself, in the next tick
  };
  socket.on("data", onData);
}
