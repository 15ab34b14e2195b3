/**
 * What the process of `sdk-day` is told and what it prints.
 * @module
 */
import type { Counts } from "./census.ts";

export type DayOrder = {
  readonly seed: number;
  /** For the databases. */
  readonly directory: string;
  readonly hours: number;
  /** Mean time between two texts of one author in one conversation. */
  readonly pauseMs: number;
};

/** At the end of an hour, when everybody is there. */
export type Sample = {
  /** JavaScript heap and array buffers in use after a collection, without the messages that service nodes have stored. */
  readonly heapBytes: number;
  readonly residentBytes: number;
  /** Entries of all collections of the clients, by class and field. */
  readonly entries: Counts;
  /** Of the databases, by table. */
  readonly rows: Counts;
};

export type DayResult = {
  readonly samples: readonly Sample[];
  readonly counts: Counts;
  readonly findings: readonly string[];
};
