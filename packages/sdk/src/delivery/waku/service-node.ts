/**
 * One service node: dialled, watched by pings, and dialled again whenever its connection is over.
 * @module
 */
import type { Clock } from "../../clock.ts";
import type { ServiceNodeRole, ServiceNodeStatus } from "../delivery-service.ts";
import type { Limits } from "./limits.ts";
import type { NodeHost, NodeLink } from "./node-link.ts";
import { redialDelayMs } from "./redial.ts";

const DIAL_LIMIT_MS = 10_000;
const PING_EVERY_MS = 10_000;
const PING_LIMIT_MS = 5_000;
/** A connection that was there before a sleep has to show quickly that it still is. */
const WAKE_LIMIT_MS = 2_000;
/** For so long a node that failed in a role comes after the others. */
const DISTRUST_MS = 60_000;

export type ServiceNodeDeps = {
  readonly host: NodeHost;
  readonly clock: Clock;
  readonly limits: Limits;
  /** 0 to below 1. */
  readonly random: () => number;
  /** Before the node counts as connected: what belongs to a connection is made. */
  readonly onConnect: (node: ServiceNode, link: NodeLink) => Promise<void>;
  readonly onChange: () => void;
};

const ROLES: readonly ServiceNodeRole[] = ["push", "filter", "store"];

export class ServiceNode {
  readonly address: string;
  readonly #deps: ServiceNodeDeps;
  /** Each with what ends the distrust. */
  readonly #failing = new Map<ServiceNodeRole, () => void>();
  #link: NodeLink | undefined;
  /** The connection is there, but what it is worth is not known yet. */
  #isUnproven = false;
  #dialling: AbortController | undefined;
  #attempts = 0;
  #isClosed = false;
  #problem: unknown;
  #cancelRedial: (() => void) | undefined;
  #cancelPing: () => void = () => {};

  constructor(address: string, deps: ServiceNodeDeps) {
    this.address = address;
    this.#deps = deps;
  }

  /** While it can be asked. */
  get link(): NodeLink | undefined {
    return this.#isUnproven ? undefined : this.#link;
  }

  /** Whether the connection is the one that it has now, proven or not. */
  has(link: NodeLink): boolean {
    return this.#link === link;
  }

  get status(): ServiceNodeStatus {
    const link = this.#link;
    const state = this.link !== undefined ? "connected" : this.#dialling || link ? "connecting" : "unreachable";
    return {
      address: this.address,
      ...(link !== undefined && { peerId: link.peerId }),
      state,
      serves: ROLES.filter((role) => link?.serves(role)),
      failing: ROLES.filter((role) => this.isFailing(role)),
      ...(state !== "connected" && this.#problem !== undefined && { problem: messageOf(this.#problem) }),
    };
  }

  isFailing(role: ServiceNodeRole): boolean {
    return this.#failing.has(role);
  }

  /** It did not answer, or not as it should. */
  blame(role: ServiceNodeRole): void {
    if (this.#isClosed) return;
    this.#failing.get(role)?.();
    this.#failing.set(
      role,
      this.#deps.clock.after(DISTRUST_MS, () => this.trust(role)),
    );
    this.#deps.onChange();
  }

  trust(role: ServiceNodeRole): void {
    const cancel = this.#failing.get(role);
    if (cancel === undefined) return;
    cancel();
    this.#failing.delete(role);
    this.#deps.onChange();
  }

  /** Resolves with undefined when it is connected, or with the reason why it failed; then it tries again until closed. */
  async dial(): Promise<unknown> {
    this.#cancelRedial?.();
    this.#cancelRedial = undefined;
    if (this.#isClosed || this.#dialling !== undefined || this.#link !== undefined) return undefined;
    const { limits, host, onConnect, onChange } = this.#deps;
    const dialling = new AbortController();
    this.#dialling = dialling;
    try {
      const link = await limits.within(DIAL_LIMIT_MS, dialling.signal, async (signal) => {
        const dialled = await host.dial(this.address, signal);
        if (signal.aborted) dialled.cut();
        return dialled;
      });
      this.#forgive(); // a new connection is a new chance
      this.#link = link;
      this.#isUnproven = true;
      link.onEnd(() => this.#onEnd(link));
      await onConnect(this, link);
      if (this.#link !== link) return this.#problem ?? new Error("the connection broke");
      this.#isUnproven = false;
      this.#problem = undefined;
      this.#pingLater();
      onChange();
      return undefined;
    } catch (error) {
      this.#problem = error;
      return error;
    } finally {
      this.#dialling = undefined;
      if (this.#link === undefined) this.#redialLater();
    }
  }

  /** What was there before a sleep or a change of network counts no more, until {@link prove}. @returns whether it was */
  doubt(): boolean {
    this.#attempts = 0;
    const wasThere = this.link !== undefined;
    if (wasThere) this.#isUnproven = true;
    return wasThere;
  }

  /** Shows whether a connection in doubt is still there; if not, makes another. */
  async prove(): Promise<void> {
    const link = this.#link;
    if (link === undefined) return;
    try {
      await this.#ping(link, WAKE_LIMIT_MS);
      await this.#deps.onConnect(this, link);
      if (this.#link !== link) return;
      this.#isUnproven = false;
      this.#pingLater();
      this.#deps.onChange();
    } catch {
      this.#giveUp(link, new Error("silent after a pause"));
      await this.dial();
    }
  }

  /** Does not wait for the time to come. What was under way when the network went will not arrive. */
  dialNow(): void {
    const reason = new Error("given up after a pause");
    this.#dialling?.abort(reason);
    if (this.#link !== undefined) this.#giveUp(this.#link, reason);
    void this.dial();
  }

  close(): void {
    this.#isClosed = true;
    this.#forgive();
    this.#cancelPing();
    this.#cancelRedial?.();
    this.#link = undefined;
  }

  #forgive(): void {
    for (const cancel of this.#failing.values()) cancel();
    this.#failing.clear();
  }

  /** From here on the connection counts as over, even if its end is not told for a while. */
  #giveUp(link: NodeLink, problem: unknown): void {
    if (this.#link !== link) return;
    this.#problem = problem;
    this.#onEnd(link);
    link.cut();
  }

  #onEnd(link: NodeLink): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    this.#isUnproven = false;
    this.#cancelPing();
    this.#problem ??= new Error("the connection broke");
    if (this.#isClosed) return;
    this.#redialLater();
    this.#deps.onChange();
  }

  #redialLater(): void {
    if (this.#isClosed || this.#dialling !== undefined || this.#cancelRedial !== undefined) return;
    const delayMs = redialDelayMs(this.#attempts, this.#deps.random());
    this.#attempts += 1;
    this.#cancelRedial = this.#deps.clock.after(delayMs, () => void this.dial());
  }

  #pingLater(): void {
    this.#cancelPing();
    this.#cancelPing = this.#deps.clock.after(PING_EVERY_MS, () => void this.#watch());
  }

  async #watch(): Promise<void> {
    const link = this.#link;
    if (link === undefined || this.#isUnproven) return;
    try {
      // Once more after a failure: it may have been this process that was busy.
      await this.#ping(link, PING_LIMIT_MS).catch(() => this.#ping(link, PING_LIMIT_MS));
      if (this.#link !== link) return;
      this.#attempts = 0; // not earlier: who takes connections and drops them is dialled less and less often
      this.#pingLater();
    } catch (error) {
      this.#giveUp(link, error);
    }
  }

  async #ping(link: NodeLink, limitMs: number): Promise<void> {
    await this.#deps.limits.within(limitMs, undefined, (signal) => link.ping(signal));
  }
}

function messageOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
