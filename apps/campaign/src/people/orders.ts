/**
 * What the processes of `sdk-kills` and `sdk-soak` are told as their argument, on standard input, and tell on standard
 * output: one JSON object in each line.
 * @module
 */
import type { FileSizes, Name } from "./letters.ts";
import type { MemoryLine } from "./tell-memory.ts";

export type NetworkOrder = {
  readonly peers: readonly string[];
  readonly clusterId: number;
  readonly shards: number;
};

export type PersonOrder = {
  readonly name: Name;
  /** Of what is written. */
  readonly seed: number;
  readonly database: string;
  readonly diary: string;
  readonly network: NetworkOrder;
  /** Begins the conversation with it. Without one, the other side does. */
  readonly invite?: string;
  /** Reads with `since` and the position in the diary, in place of the one that the database keeps. */
  readonly keepsPosition: boolean;
  readonly rateLimit: { readonly messagesPerEpoch: number; readonly epochSeconds: number };
  readonly files: FileSizes;
  /** Mean time between two texts. */
  readonly pauseMs: number;
  /** Between the arrival of a file and the next one. */
  readonly filePauseMs: number;
  /** How often the process collects its garbage and says how large it is; never, if absent. */
  readonly memoryEveryMs?: number;
};

/** A person's process. */
export type FromPerson =
  /** The modules are loaded, the database is next. */
  | { readonly kind: "opening" }
  /** It reads and writes. */
  | { readonly kind: "opened" }
  /** What came while it was away is in the database. */
  | { readonly kind: "recovered" }
  /** It writes no more, and all that it wrote is delivered. */
  | { readonly kind: "settled" }
  | MemoryLine;

/** `drain`: write no more. `finish`: close when the application has all that arrived. */
export type ToPerson = "drain" | "finish";

export type NodeOrder = {
  /** Keeps its key and its messages. */
  readonly folder: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly memoryEveryMs?: number;
};

export type FromNode = ({ readonly kind: "listening" } & NetworkOrder) | MemoryLine;
