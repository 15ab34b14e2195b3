/**
 * Looks at every part of a client. Each check ends within a few seconds, and one that fails stops no other.
 * @module
 */
import {
  decrypt,
  encrypt,
  generateKeyPair,
  signXeddsa,
  startAsInitiator,
  startAsResponder,
  verifyXeddsa,
} from "@chat/ratchet";
import { readIdentity } from "../account/account.ts";
import { equalBytes } from "../bytes.ts";
import type { Context } from "../context.ts";
import { explainDiscards } from "./discards.ts";
import type { LiveMessages } from "./live-messages.ts";
import type { Check, CheckName, DoctorReport } from "./report.ts";

const LIMIT_MS = 10_000;
const RECENT_MS = 10 * 60 * 1000;
const SLOW_WRITE_MS = 1000;
/** Service nodes take timestamps of the next 20 seconds and the last 10 minutes; stamps are cut to whole seconds. */
const CLOCK_BEHIND_MS = 10_000;
const CLOCK_AHEAD_MS = 60_000;

type Parts = { readonly context: Context; readonly mailbox: string; readonly live: LiveMessages };
type Finding = Omit<Check, "name">;

export async function examine(parts: Parts): Promise<DoctorReport> {
  const examinations: Record<CheckName, () => Finding | Promise<Finding>> = {
    database: () => database(parts),
    keys: () => keys(parts),
    clock: () => clock(parts),
    connection: () => connection(parts),
    history: () => history(parts),
    subscription: () => subscription(parts),
    quota: () => quota(parts),
    conversations: () => conversations(parts),
    messages: () => explainDiscards(parts.context.discards.snapshot()),
  };
  const checks: Check[] = [];
  for (const [name, examination] of Object.entries(examinations)) {
    checks.push({ name: name as CheckName, ...(await outcomeOf(parts.context, examination)) });
  }
  return { checks, isHealthy: checks.every(({ state }) => state !== "failed") };
}

/** A check that throws, or does not end, has failed. */
async function outcomeOf({ clock }: Context, examination: () => Finding | Promise<Finding>): Promise<Finding> {
  const late = Promise.withResolvers<Finding>();
  const detail = `no answer within ${LIMIT_MS / 1000} seconds`;
  const cancel = clock.after(LIMIT_MS, () => late.resolve({ state: "failed", detail }));
  try {
    return await Promise.race([Promise.resolve().then(examination), late.promise]);
  } catch (error) {
    const isCoded = error instanceof Error && "code" in error;
    return { state: "failed", detail: isCoded ? error.message : "it threw an error of another program" };
  } finally {
    cancel();
  }
}

async function database({ context: { store, clock } }: Parts): Promise<Finding> {
  const startedAtMs = clock.nowMs();
  await store.write(() => {});
  const tookMs = clock.nowMs() - startedAtMs;
  if (tookMs < SLOW_WRITE_MS) return { state: "ok", detail: `a write is durable within ${tookMs} ms` };
  const remedy = "another program uses the disk, or it is failing; every message waits for it";
  return { state: "warning", detail: `a write took ${tookMs} ms`, remedy };
}

/** The account in the database is the one that runs, and what it encrypts and signs opens and verifies. */
async function keys({ context: { store, account, random, clock } }: Parts): Promise<Finding> {
  const stored = await readIdentity(store);
  if (stored === undefined || !equalBytes(stored.keys.publicKey, account.keys.publicKey)) {
    const remedy = "another program has exchanged the file; restart, and restore a backup if that does not help";
    return { state: "failed", detail: "the database holds another account than the one that runs", remedy };
  }
  const message = random(32);
  const signature = signXeddsa(account.keys.secretKey, message, random);
  const prekey = generateKeyPair(random);
  const start = { sharedSecret: random(32), associatedData: message };
  const sent = encrypt(startAsInitiator({ ...start, remoteKey: prekey.publicKey, random }), message, { random });
  const responder = startAsResponder({ ...start, keyPair: prekey });
  const opened = decrypt(responder, sent.message, { nowMs: clock.nowMs() });
  const works = verifyXeddsa(account.keys.publicKey, message, signature) && opened.kind === "opened";
  if (works) return { state: "ok", detail: "account and cryptography work" };
  return { state: "failed", detail: "the cryptography of this runtime computes something else than it should" };
}

function clock({ live: { aheadMs } }: Parts): Finding {
  if (aheadMs === undefined) return { state: "unknown", detail: "no message has arrived to compare with" };
  const detail = `${Math.round(aheadMs / 1000)} s ahead of the timestamps of messages that arrive`;
  if (aheadMs < -CLOCK_BEHIND_MS)
    return { state: "failed", detail, remedy: "set the clock; it is behind that of others" };
  if (aheadMs > CLOCK_AHEAD_MS) {
    return { state: "warning", detail, remedy: "set the clock if it is ahead; else the network is slow" };
  }
  return { state: "ok", detail };
}

function connection({ context: { delivery } }: Parts): Finding {
  const { health, serviceNodes = [] } = delivery;
  const connected = serviceNodes.filter(({ state }) => state === "connected");
  const failing = connected.filter(({ failing }) => failing.length > 0).map(({ failing }) => failing.join(", "));
  const troubles = failing.length > 0 ? `; of late failed: ${failing.join("; ")}` : "";
  const some = `${connected.length} of ${serviceNodes.length} service nodes answer${troubles}`;
  if (health === "connected") return { state: "ok", detail: serviceNodes.length > 0 ? some : "connected" };
  if (health === "minimal") {
    const remedy = "messages flow; give more service nodes, or wait until those that are known answer again";
    return { state: "warning", detail: some, remedy };
  }
  const remedy = "check the network, that the service nodes run, and their addresses; messages wait until then";
  return { state: "failed", detail: "no service node answers", remedy };
}

async function history({ context: { delivery, clock }, mailbox }: Parts): Promise<Finding> {
  const nowMs = clock.nowMs();
  let count = 0;
  const range = { fromMs: nowMs - RECENT_MS, toMs: nowMs + RECENT_MS };
  for await (const _message of delivery.query([mailbox], range, { signal: AbortSignal.timeout(LIMIT_MS) })) count += 1;
  return { state: "ok", detail: `a store node answers; the mailbox has ${count} messages of the last ten minutes` };
}

function conversations({ context: { peers } }: Parts): Finding {
  const files = peers.all();
  const requests = files.filter(({ standing }) => standing === "request").length;
  const stranded = files.filter(({ id, standing, sessions }) => {
    return standing === "open" && sessions.sessions.length > 0 && peers.sessionForSending(id) === undefined;
  }).length;
  const detail = `people who are known: ${files.length}, who wait to be accepted: ${requests}`;
  if (stranded === 0) return { state: "ok", detail };
  const remedy =
    "accept a new invite of the other side, or send one: the database was restored, and their private invites are used or missing";
  return { state: "warning", detail: `${detail}, who can not be written to: ${stranded}`, remedy };
}

function subscription({ live }: Parts): Finding {
  const detail = `${live.count} messages arrived at once, ${live.missed} were found later`;
  if (live.count + live.missed === 0) return { state: "unknown", detail: "no message has arrived yet" };
  if (live.missed <= live.count) return { state: "ok", detail };
  return { state: "warning", detail, remedy: "the service node drops subscriptions; use another, or more of them" };
}

function quota({ context: { outbox } }: Parts): Finding {
  const { level, remaining, total, resetsAtMs } = outbox.quota;
  const waiting = `${outbox.waitingCount} envelopes wait`;
  if (level === "unknown") return { state: "unknown", detail: `the limit is not known yet; ${waiting}` };
  const detail = `${remaining} of ${total} left until ${new Date(resetsAtMs).toISOString()}; ${waiting}`;
  if (level !== "exhausted") return { state: "ok", detail };
  return { state: "warning", detail, remedy: "what is sent now leaves in the next epoch" };
}
