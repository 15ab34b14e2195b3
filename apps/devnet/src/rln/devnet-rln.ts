/**
 * The RLN group of a running devnet: who is in it, and who was thrown out.
 * @module
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { DevnetError } from "../errors.ts";
import { groupFileIn, readGroup, writeGroup, writeMembership } from "./files.ts";
import { checkMessageLimit, RlnGroup } from "./group.ts";
import { RlnValidator, type Slashing } from "./validator.ts";

export interface RlnOptions {
  /** Where the group and its memberships are kept; those that are there stay members. */
  readonly folder: string;
  /** Of each membership made now: 1 to 65,536. @default 100 */
  readonly messagesPerEpoch?: number;
  /** 1 to 86,400; the same for the whole life of the group. @default 600 */
  readonly epochSeconds?: number;
  /** How many memberships there are at least. @default 2 */
  readonly members?: number;
}

export interface DevnetRln {
  readonly epochSeconds: number;
  /** One file for each member, in the order of their registration; a removed member's is left out. */
  readonly memberships: readonly string[];
  /** Makes a membership and returns its file. @throws {@link DevnetError} `INVALID_OPTION`, `RLN_FILES_UNUSABLE` */
  register(messagesPerEpoch?: number): string;
  /** Called when a member was removed for using one slot twice. Returns the function that ends the observation. */
  onSlash(observe: (slashing: Slashing) => void): () => void;
}

export class RlnMembers implements DevnetRln {
  readonly epochSeconds: number;
  readonly #folder: string;
  readonly #messagesPerEpoch: number;
  readonly #group: RlnGroup;
  readonly #log: (line: string) => void;
  readonly #observers = new Set<(slashing: Slashing) => void>();

  /** @throws {@link DevnetError} `INVALID_OPTION`, `RLN_FILES_UNUSABLE` */
  constructor(options: RlnOptions, log: (line: string) => void) {
    const { folder, messagesPerEpoch = 100, epochSeconds = 600, members = 2 } = options;
    checkMessageLimit("rln.messagesPerEpoch", messagesPerEpoch);
    checkInteger("rln.epochSeconds", epochSeconds, 1, 86_400);
    checkInteger("rln.members", members, 0, 1_000);
    if (folder === "") throw new DevnetError("INVALID_OPTION", "rln.folder: want the path of a folder, got nothing");
    this.epochSeconds = epochSeconds;
    this.#folder = folder;
    this.#messagesPerEpoch = messagesPerEpoch;
    this.#log = log;
    const known = readGroup(groupFileIn(folder)) ?? { members: [], epochSeconds };
    if (known.epochSeconds !== epochSeconds) {
      throw new DevnetError(
        "INVALID_OPTION",
        `rln.epochSeconds: want ${known.epochSeconds}, with which the group in ${folder} began, got ${epochSeconds}`,
      );
    }
    this.#group = new RlnGroup(known.members);
    this.#write();
    while (this.#group.members.length < members) this.register();
  }

  get memberships(): readonly string[] {
    const paths = this.#group.members.map((member, position) =>
      member === undefined ? undefined : join(this.#folder, `member-${position + 1}.json`),
    );
    return paths.filter((path) => path !== undefined && existsSync(path)) as string[];
  }

  register(messagesPerEpoch = this.#messagesPerEpoch): string {
    const membership = this.#group.register(messagesPerEpoch);
    // The group first: a member without a file is harmless, a file in the way of the next member is not.
    this.#write();
    return writeMembership(this.#folder, membership, this.epochSeconds);
  }

  onSlash(observe: (slashing: Slashing) => void): () => void {
    this.#observers.add(observe);
    return () => this.#observers.delete(observe);
  }

  /** For one service node: each remembers for itself what it saw. */
  validator(): RlnValidator {
    const onSlash = (slashing: Slashing) => {
      try {
        this.#write();
      } catch (error) {
        // The member is out all the same; provers who read the old file are refused until it is written.
        this.#log(`RLN group: ${error instanceof Error ? error.message : error}`);
      }
      for (const observe of this.#observers) observe(slashing);
    };
    return new RlnValidator({ group: this.#group, epochSeconds: this.epochSeconds, onSlash });
  }

  #write(): void {
    writeGroup(this.#folder, { members: this.#group.members, epochSeconds: this.epochSeconds });
  }
}

function checkInteger(name: string, value: number, min: number, max: number): void {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return;
  throw new DevnetError("INVALID_OPTION", `${name}: want an integer from ${min} to ${max}, got ${value}`);
}
