/**
 * go-waku nodes for tests: a Waku implementation that we did not write, built by Go's own tools (`interop/`).
 * @module
 */
import { type ChildProcessByStdio, execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { promisify } from "node:util";
import type { PeerId } from "@libp2p/interface";
import { encodeRelayShard } from "@waku/utils";
import type { LightNode } from "./clients.ts";

const SOURCE = new URL("../interop", import.meta.url).pathname;
const GO = "go";
const WANTED_GO = [1, 24] as const;

/** The first build downloads and compiles for minutes; later ones take seconds, from Go's own cache. */
export const BUILD_MS = 9 * 60_000;

/** What arrived at a go-waku node, and what its store queries return. `payload` is base64, `hash` hexadecimal. */
export type GoMessage = {
  readonly pubsubTopic: string;
  readonly contentTopic: string;
  readonly payload: string;
  readonly timestamp: string;
  readonly ephemeral: boolean;
  readonly hash: string;
};

export type GoCommand = { readonly do: string } & Readonly<Record<string, unknown>>;

/** Why go-waku cannot be built here, or undefined. */
export function missingGo(): string | undefined {
  const { stdout, error } = spawnSync(GO, ["env", "GOVERSION"], { encoding: "utf8" });
  if (error !== undefined) return "Go is not installed";
  const [major = 0, minor = 0] = stdout.trim().replace("go", "").split(".").map(Number);
  const isEnough = major > WANTED_GO[0] || (major === WANTED_GO[0] && minor >= WANTED_GO[1]);
  return isEnough ? undefined : `Go ${WANTED_GO.join(".")} is wanted, ${stdout.trim()} is installed`;
}

/** Builds the program once; every node is a process of its own. */
export async function buildGoWaku() {
  const folder = mkdtempSync(join(tmpdir(), "go-waku-"));
  const program = join(folder, "go-waku");
  const flags = ["-tags", "gowaku_no_rln", "-ldflags=-s -w", "-trimpath", "-buildvcs=false"];
  await promisify(execFile)(GO, ["build", ...flags, "-o", program, "."], { cwd: SOURCE });
  const nodes: GoWaku[] = [];
  return {
    async start(...flags: readonly string[]): Promise<GoWaku> {
      const node = await GoWaku.start(program, flags);
      nodes.push(node);
      return node;
    },
    async close(): Promise<void> {
      await Promise.all(nodes.map((node) => node.close()));
      rmSync(folder, { recursive: true });
    },
  };
}

type Program = ChildProcessByStdio<Writable, Readable, null>;

export class GoWaku {
  readonly peerId: string;
  readonly addresses: readonly string[];
  /** Everything that relay brought to this node, its own messages included. */
  readonly relayed: GoMessage[] = [];
  /** Everything that service nodes pushed to this light node. */
  readonly filtered: GoMessage[] = [];
  readonly #child: Program;
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>();
  #lastId = 0;

  static async start(program: string, flags: readonly string[]): Promise<GoWaku> {
    const child = spawn(program, flags, { stdio: ["pipe", "pipe", "ignore"] });
    const lines = createInterface({ input: child.stdout });
    const [first] = await Promise.race([
      once(lines, "line"),
      once(child, "close").then(([code]) => {
        throw new Error(`go-waku ended with ${code} before it was ready`);
      }),
    ]);
    return new GoWaku(child, lines, JSON.parse(String(first)));
  }

  private constructor(child: Program, lines: NodeJS.EventEmitter, ready: { peerId: string; addresses: string[] }) {
    this.#child = child;
    this.peerId = ready.peerId;
    this.addresses = ready.addresses;
    lines.on("line", (line: string) => this.#receive(JSON.parse(line)));
  }

  get webSocket(): string {
    return this.addresses.find((address) => address.includes("/ws/")) ?? "";
  }

  get tcp(): string {
    return this.addresses.find((address) => !address.includes("/ws/")) ?? "";
  }

  /** Rejects with what go-waku says. */
  async ask(command: GoCommand): Promise<Record<string, unknown>> {
    this.#lastId += 1;
    const id = this.#lastId;
    const answered = new Promise<Record<string, unknown>>((resolve) => this.#waiting.set(id, resolve));
    this.#child.stdin.write(`${JSON.stringify({ id, ...command })}\n`);
    const { error, ...answer } = await answered;
    if (error !== undefined) throw new Error(String(error));
    return answer;
  }

  /** All pages of a query. */
  async query(criteria: Readonly<Record<string, unknown>>): Promise<GoMessage[][]> {
    const { pages } = await this.ask({ do: "query", ...criteria });
    return pages as GoMessage[][];
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, "close");
    this.#child.stdin.end();
    // Its graceful stop waits for connections; what matters here is that it ends.
    const kill = setTimeout(() => this.#child.kill("SIGKILL"), 2_000);
    await ended;
    clearTimeout(kill);
  }

  #receive(line: { id?: number; event?: string } & Record<string, unknown>): void {
    const { id, event, ...rest } = line;
    if (event === "relay") this.relayed.push(rest as GoMessage);
    if (event === "filter") this.filtered.push(rest as GoMessage);
    if (id === undefined) return;
    this.#waiting.get(id)?.(rest);
    this.#waiting.delete(id);
  }
}

/**
 * Tells a light node of `@waku/sdk` which shards go-waku serves; to be told again before each use.
 * go-waku 0.10 writes its shards into field 3 of the metadata, `@waku/sdk` 0.0.36 reads field 2: it concludes that
 * go-waku serves none, and finds no peer from then on.
 */
export async function tellShards(
  client: LightNode,
  peerId: PeerId,
  { clusterId, shards }: { readonly clusterId: number; readonly shards: number },
): Promise<void> {
  const shardInfo = encodeRelayShard({ clusterId, shards: Array.from({ length: shards }, (_, shard) => shard) });
  await client.libp2p.peerStore.merge(peerId, { metadata: { shardInfo } });
}

/** The fields of a message as a command carries them. */
export function goMessage(pubsubTopic: string, contentTopic: string, payload: Uint8Array, timestampMs = Date.now()) {
  return {
    pubsubTopic,
    contentTopic,
    payload: Buffer.from(payload).toString("base64"),
    timestamp: String(BigInt(timestampMs) * 1_000_000n),
  };
}

export function payloadOf({ payload }: GoMessage): string {
  return Buffer.from(payload, "base64").toString();
}
