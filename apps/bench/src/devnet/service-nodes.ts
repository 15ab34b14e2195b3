/**
 * The service nodes of both sides, in processes of their own.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../deadline.ts";
import { Owned } from "../e2e/owned.ts";
import { BenchError } from "../errors.ts";
import { goProgram } from "./go-program.ts";
import { Program } from "./program.ts";

const START_MS = 60_000;
/** The command of our nodes; source or built, as this file is. */
const DEVNET = dirname(fileURLToPath(import.meta.resolve("@chat/devnet/package.json")));
const COMMAND =
  extname(import.meta.filename) === ".ts" ? join(DEVNET, "src", "main.ts") : join(DEVNET, "dist", "main.js");
/** In a second, of one kind and each peer: so many that none is refused. */
const REQUESTS = "1000000";

/** Nodes that are linked to each other. */
export interface ServiceNodes extends AsyncDisposable {
  readonly side: "ours" | "go-waku";
  /** WebSocket addresses, one for each. */
  readonly addresses: readonly string[];
  /** Of the first node. */
  readonly pid: number;
}

export interface NodeOptions {
  /** @default 1 */
  readonly nodes?: number;
  /**
   * Where messages are kept; remains. A folder for our nodes, a file for go-waku.
   * @default a new folder that is removed at the end; nothing for go-waku, which then stores no messages
   */
  readonly store?: string;
  /** Has go-waku store messages in a new file, which is removed at the end. Ours always does. */
  readonly stores?: boolean;
}

export type StartNodes = (options?: NodeOptions) => Promise<ServiceNodes>;

/** The command `devnet`: all nodes in one process, with their messages on disk. */
export const startOurs: StartNodes = ({ nodes = 1, store } = {}) =>
  opening(async (owned) => {
    const folder = store ?? ownFolder(owned);
    const args = ["--port", "0", "--json", "--nodes", String(nodes), "--limit", REQUESTS, "--data-dir", folder];
    const program = owned.use(new Program("devnet", process.execPath, [...process.execArgv, COMMAND, ...args]));
    const { peers } = await answerOf("devnet", program);
    if (!Array.isArray(peers)) throw new BenchError("CASE_FAILED", `devnet: want its peers, got ${peers}`);
    return { side: "ours", addresses: peers.map(String), pid: program.pid };
  });

/** One process for each node, each linked to all others, as ours are. */
export const startGoWaku: StartNodes = ({ nodes = 1, store, stores = false } = {}) =>
  opening(async (owned) => {
    const path = await goProgram();
    const file = store ?? (stores ? join(ownFolder(owned), "go-waku.sqlite") : undefined);
    const addresses: string[] = [];
    const links: string[] = [];
    let pid = 0;
    for (let index = 0; index < nodes; index += 1) {
      const args = [...(file === undefined ? [] : ["-store", file]), "-link", links.join(",")];
      const program = owned.use(new Program("go-waku", path, ["node", ...args]));
      const { webSocket, tcp } = await answerOf("go-waku", program);
      addresses.push(String(webSocket));
      links.push(String(tcp));
      if (index === 0) pid = program.pid;
    }
    return { side: "go-waku", addresses, pid };
  });

function answerOf(name: string, program: Program) {
  return within({ limitMs: START_MS, what: `${name}, starting` }, () => program.answer());
}

function ownFolder(owned: Owned): string {
  const folder = mkdtempSync(join(tmpdir(), "chat-bench-devnet-"));
  owned.use({ [Symbol.asyncDispose]: async () => rmSync(folder, { recursive: true, force: true }) });
  return folder;
}

async function opening(
  open: (owned: Owned) => Promise<Omit<ServiceNodes, keyof AsyncDisposable>>,
): Promise<ServiceNodes> {
  const owned = new Owned();
  try {
    const nodes = await open(owned);
    return { ...nodes, [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}
