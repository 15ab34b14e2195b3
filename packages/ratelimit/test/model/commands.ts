/**
 * What can happen to a manager.
 * @module
 */
import fc from "fast-check";
import type { Priority } from "../../src/index.ts";
import type { Account, Answer } from "./account.ts";
import { EPOCH_MS, type World } from "./world.ts";

export type Step =
  | { readonly kind: "submit"; readonly priority: Priority; readonly sizes: readonly number[] }
  | { readonly kind: "batch"; readonly priority: Priority; readonly sizes: readonly number[] }
  | { readonly kind: "submit again" | "cancel"; readonly pick: number }
  | { readonly kind: "advance" | "jump"; readonly ms: number }
  | { readonly kind: "answers"; readonly answers: readonly Answer[] }
  | { readonly kind: "hold"; readonly count: number }
  | { readonly kind: "release"; readonly pick: number; readonly answer: Answer }
  | { readonly kind: "source"; readonly limit: number | undefined; readonly used: number }
  | { readonly kind: "fail commits" | "fail reads"; readonly count: number }
  | {
      readonly kind: "slow commits";
      readonly commits: readonly { readonly ms: number; readonly isAnswerOnly: boolean }[];
    }
  | { readonly kind: "adopt"; readonly priority: Priority; readonly sizes: readonly number[] }
  | { readonly kind: "hold everything" | "let go" }
  | { readonly kind: "restart" }
  | { readonly kind: "kill"; readonly turns: number; readonly priority: Priority; readonly submits: number };

export type ModelCommand = fc.AsyncCommand<Account, World>;

const priority = fc.constantFrom<Priority>("critical", "normal", "normal", "optional");
const answer = fc.constantFrom<Answer>("take", "take", "refuse-for-now", "refuse");
const pick = fc.nat(1_000);
const size = fc.nat(8);

/** Numbers are weights. */
export const step: fc.Arbitrary<Step> = fc.oneof(
  weighted(8, "submit", { priority, sizes: fc.array(size, { minLength: 1, maxLength: 4 }) }),
  weighted(4, "batch", { priority, sizes: fc.array(size, { minLength: 1, maxLength: 6 }) }),
  weighted(1, "submit again", { pick }),
  weighted(2, "cancel", { pick }),
  weighted(5, "advance", { ms: fc.oneof(fc.nat(2_000), fc.nat(EPOCH_MS), fc.nat(3 * EPOCH_MS)) }),
  weighted(1, "jump", {
    ms: fc.oneof(fc.integer({ min: -3, max: 3 }), fc.integer({ min: -300, max: 300 })).map(epochs),
  }),
  weighted(3, "answers", { answers: fc.array(answer, { minLength: 1, maxLength: 6 }) }),
  weighted(2, "hold", { count: fc.integer({ min: 1, max: 4 }) }),
  weighted(4, "release", { pick, answer }),
  weighted(1, "source", { limit: fc.option(fc.nat(12), { nil: undefined }), used: fc.nat(6) }),
  weighted(2, "fail commits", { count: fc.integer({ min: 1, max: 2 }) }),
  weighted(1, "fail reads", { count: fc.integer({ min: 1, max: 2 }) }),
  weighted(1, "slow commits", {
    commits: fc.array(fc.record({ ms: fc.nat(5_000), isAnswerOnly: fc.boolean() }), { minLength: 1, maxLength: 2 }),
  }),
  weighted(1, "adopt", { priority, sizes: fc.array(size, { minLength: 1, maxLength: 3 }) }),
  weighted(1, "hold everything", {}),
  weighted(2, "let go", {}),
  weighted(1, "restart", {}),
  weighted(2, "kill", { turns: fc.nat(40), priority, submits: fc.nat(3) }),
) as fc.Arbitrary<Step>;

export function commandOf(each: Step): ModelCommand {
  return {
    check: () => true,
    async run(account, world) {
      account.count("steps");
      await perform(each, account, world);
      await world.check();
    },
    toString: () => JSON.stringify(each),
  };
}

async function perform(each: Step, account: Account, world: World): Promise<void> {
  if (each.kind === "submit") for (const size of each.sizes) world.submit(each.priority, [size], false);
  else if (each.kind === "batch") world.submit(each.priority, each.sizes, true);
  else if (each.kind === "submit again") submitAgain(each.pick, account, world);
  else if (each.kind === "cancel") cancel(each.pick, account, world);
  else if (each.kind === "advance") {
    const wasTroubled = world.isTroubled;
    world.isTroubled = false;
    await world.clock.advance(each.ms);
    // Pauses after failures are no longer than this here.
    if (each.ms < EPOCH_MS) world.isTroubled ||= wasTroubled;
  } else if (each.kind === "jump") world.clock.jump(each.ms);
  else if (each.kind === "answers") world.answers = [...each.answers];
  else if (each.kind === "hold") world.holding += each.count;
  else if (each.kind === "release") world.release(each.pick, each.answer);
  else if (each.kind === "source") {
    const used = { epoch: Math.floor(world.clock.nowMs() / EPOCH_MS), count: each.used };
    world.source = { used, ...(each.limit !== undefined && { limit: each.limit }) };
  } else if (each.kind === "fail commits") world.failingCommits = each.count;
  else if (each.kind === "fail reads") world.failingReads = each.count;
  else if (each.kind === "slow commits") world.slowCommits = [...each.commits];
  else if (each.kind === "adopt") world.adopt(each.priority, each.sizes);
  else if (each.kind === "hold everything") world.hold();
  else if (each.kind === "let go") world.letGo();
  else if (each.kind === "restart") await world.restart();
  else if (each.kind === "kill") await killAmidst(each, world);
}

function submitAgain(pick: number, account: Account, world: World): void {
  const known = [...account.messages.values()].filter(({ id }) => world.manager?.status(id) !== undefined);
  const message = known[pick % Math.max(1, known.length)];
  if (message !== undefined) world.resubmit(message);
}

function cancel(pick: number, account: Account, world: World): void {
  const { unfinished } = account;
  const message = unfinished[pick % Math.max(1, unfinished.length)];
  if (message === undefined) return;
  const isWhole = message.unit.every(({ state }) => state === "waiting" || state === "paused");
  world.cancel(message, isWhole);
}

/** At any moment of what submissions and answers set going. */
async function killAmidst(each: Extract<Step, { kind: "kill" }>, world: World): Promise<void> {
  for (let count = 0; count < each.submits; count += 1) world.submit(each.priority, [count], false);
  world.release(each.turns, "take");
  for (let turn = 0; turn < each.turns; turn += 1) await undefined;
  await world.kill();
}

function weighted(weight: number, kind: Step["kind"], values: Record<string, fc.Arbitrary<unknown>>) {
  return { weight, arbitrary: fc.record({ kind: fc.constant(kind), ...values }) };
}

function epochs(count: number): number {
  return count * EPOCH_MS;
}
