/** A way to a service node that can be cut in the middle of a frame, or go dead without a word. @module */

import { once } from "node:events";
import { createServer, connect as dial, type Server, type Socket } from "node:net";

export class TcpProxy implements AsyncDisposable {
  readonly #server: Server;
  /** Whether connections can be made; closing the way cuts those that are there. */
  #isOpen = true;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  /** Bytes that still pass towards the client before everything is cut. */
  #bytesLeft = Number.POSITIVE_INFINITY;
  /** The service node's address, by way of this proxy. */
  readonly address: string;

  private constructor(server: Server, address: string) {
    this.#server = server;
    this.address = address;
  }

  /** @param target - multiaddr of a service node; its port must stay the same */
  static async open(target: string): Promise<TcpProxy> {
    const port = Number(/\/tcp\/(\d+)/.exec(target)?.[1]);
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const own = server.address();
    if (own === null || typeof own === "string") throw new TypeError("want a port");
    const proxy = new TcpProxy(server, target.replace(`/tcp/${port}`, `/tcp/${own.port}`));
    server.on("connection", (client) => proxy.#join(client, dial(port, "127.0.0.1")));
    return proxy;
  }

  set isOpen(isOpen: boolean) {
    this.#isOpen = isOpen;
    if (!isOpen) this.#cut();
  }

  /** After so many bytes, whatever they are in the middle of; new connections are not affected. */
  cutAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  /** What is open now carries nothing any more, and nobody is told. */
  goDead(): void {
    for (const pair of this.#pairs) {
      for (const socket of pair) {
        socket.removeAllListeners("data");
        socket.on("data", () => {});
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket, node: Socket): void {
    const pair = [client, node] as const;
    this.#pairs.add(pair);
    if (!this.#isOpen) this.#cut();
    const end = () => {
      this.#pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    client.on("data", (bytes) => node.write(bytes));
    node.on("data", (bytes) => {
      client.write(bytes.subarray(0, this.#bytesLeft));
      this.#bytesLeft -= bytes.length;
      if (this.#bytesLeft > 0) return;
      this.#bytesLeft = Number.POSITIVE_INFINITY;
      // What was written leaves first: half a frame.
      client.end(() => this.#cut());
    });
  }

  #cut(): void {
    for (const pair of [...this.#pairs]) for (const socket of pair) socket.destroy();
  }
}
