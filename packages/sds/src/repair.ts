/**
 * Asking for what is missing and answering: SDS-Repair, with a rate that no peer can raise.
 * Who asks and who answers waits for a time that differs from participant to participant, so that mostly one of them
 * does; the others see it and hold back.
 * Spec: Scalable Data Sync, "SDS Repair". Ours differs: a request is repeated, ever more rarely, until the message comes
 * or is given up; and answers are limited in time.
 * @module
 */
import { hash } from "@stablelib/blake2b";
import type { SdsMessage } from "./message.ts";
import type { RandomBytes } from "./random.ts";
import { checkRepair, LONGEST_MS, MAX_REQUESTS_READ, type RepairOptions } from "./repair-options.ts";
import { retransmitted } from "./schedule.ts";
import type { ChannelState, Missing, Requested } from "./state.ts";
import { checkTime, isDue } from "./time.ts";

/** Beyond it requests are not noted; they come again. */
export const MAX_REQUESTED = 256;
const MAX_ATTEMPTS_COUNTED = 255;

/** Whether `acknowledge` or `send` with `repair` would ask for something. */
export function requestsDue(state: ChannelState, nowMs: number): boolean {
  return state.missing.some(({ request }) => request !== undefined && isDue(request.dueMs, nowMs));
}

/** The message to send again for somebody who misses it: its stored bytes, whoever sent them first. Then `repaired`. */
export function repairDue(state: ChannelState, nowMs: number): string | undefined {
  if (!isDue(state.nextAnswerMs, nowMs)) return undefined;
  const due = state.requested.filter(({ dueMs, isAnswered }) => !isAnswered && isDue(dueMs, nowMs));
  return earliest(due)?.messageId;
}

/**
 * Notes that a request was answered, or that it cannot be because the bytes are gone.
 *
 * @throws {@link SdsError} `INVALID_OPTION`
 */
export function repaired(
  state: ChannelState,
  messageId: string,
  {
    nowMs,
    random,
    repair = {},
  }: { readonly nowMs: number; readonly random: RandomBytes; readonly repair?: RepairOptions },
): ChannelState {
  checkTime(nowMs);
  const options = checkRepair(repair);
  const answered = noteAnswer(state, messageId, nowMs, options);
  return retransmitted({ ...answered, nextAnswerMs: nowMs + options.answerEveryMs }, messageId, { nowMs, random });
}

/** Plans requests for gaps that have none. */
export function planRequests(state: ChannelState, nowMs: number, options: Required<RepairOptions>): ChannelState {
  if (state.missing.every(({ request }) => request !== undefined)) return state;
  const missing = state.missing.map((gap) =>
    gap.request === undefined ? planned(state, gap, 0, nowMs, options) : gap,
  );
  return { ...state, missing };
}

/** What to ask for now, and the state in which it was asked for. */
export function takeRequests(
  state: ChannelState,
  nowMs: number,
  options: Required<RepairOptions>,
): { readonly state: ChannelState; readonly ids: readonly string[] } {
  const due = state.missing.flatMap(({ messageId, request }) => (request ? [{ messageId, ...request }] : []));
  const ids = due
    .filter(({ dueMs }) => isDue(dueMs, nowMs))
    .sort((a, b) => a.dueMs - b.dueMs)
    .slice(0, options.maxRequests)
    .map(({ messageId }) => messageId);
  if (ids.length === 0) return { state, ids };
  const missing = state.missing.map((gap) => {
    const attempts = Math.min((gap.request?.attempts ?? 0) + 1, MAX_ATTEMPTS_COUNTED);
    return ids.includes(gap.messageId) ? planned(state, gap, attempts, nowMs, options) : gap;
  });
  return { state: { ...state, missing }, ids };
}

/** Ids in a request that are worth a look into the logs. */
export function requestsIn({ repairRequest = [] }: SdsMessage): readonly string[] {
  return repairRequest.slice(0, MAX_REQUESTS_READ);
}

/** Somebody asks: for what we miss, too, so we need not ask; for what we have, so we may answer. */
export function noteRequests(
  state: ChannelState,
  message: SdsMessage,
  { nowMs, isKnown }: { readonly nowMs: number; readonly isKnown: (messageId: string) => boolean },
  options: Required<RepairOptions>,
): ChannelState {
  let missing = state.missing;
  let requested = state.requested.filter(({ isAnswered, dueMs }) => !isAnswered || !isDue(dueMs, nowMs));
  for (const messageId of requestsIn(message)) {
    if (missing.some((gap) => gap.messageId === messageId)) {
      missing = missing.map((gap) => (gap.messageId === messageId ? askedByAnother(state, gap, nowMs, options) : gap));
      continue;
    }
    if (requested.length >= MAX_REQUESTED || requested.some((each) => each.messageId === messageId)) continue;
    const isOurs = state.outstanding.some((each) => each.messageId === messageId);
    if (!isOurs && !isKnown(messageId)) continue;
    const author = isOurs ? state.participantId : message.about?.get(messageId)?.sender;
    if (!mayAnswer(state, messageId, author, options)) continue;
    const dueMs = nowMs + answerDelayMs(state, messageId, author, options);
    requested = [...requested, { messageId, dueMs, isAnswered: false }];
  }
  return { ...state, missing, requested };
}

/** A requested message was seen or sent: nobody needs to answer for a while. */
export function noteAnswer(
  state: ChannelState,
  messageId: string,
  nowMs: number,
  { minMs }: Required<RepairOptions>,
): ChannelState {
  if (!state.requested.some((each) => each.messageId === messageId)) return state;
  const answered = { messageId, dueMs: nowMs + minMs, isAnswered: true };
  return { ...state, requested: state.requested.map((each) => (each.messageId === messageId ? answered : each)) };
}

function planned(state: ChannelState, gap: Missing, attempts: number, nowMs: number, options: Required<RepairOptions>) {
  const { minMs, maxMs } = options;
  const firstMs = minMs + share([state.participantId, gap.messageId], maxMs - minMs + 1);
  const dueMs = nowMs + Math.min(firstMs * 2 ** attempts, LONGEST_MS);
  return { ...gap, request: { dueMs, attempts, isPostponed: false } };
}

/** Once for each request of ours: whoever asks again and again must not keep us from asking. */
function askedByAnother(state: ChannelState, gap: Missing, nowMs: number, options: Required<RepairOptions>): Missing {
  if (gap.request === undefined || gap.request.isPostponed) return gap;
  const { request } = planned(state, gap, gap.request.attempts, nowMs, options);
  return { ...gap, request: { ...request, dueMs: Math.max(request.dueMs, gap.request.dueMs), isPostponed: true } };
}

function mayAnswer(
  { participantId, channelId }: ChannelState,
  messageId: string,
  author: string | undefined,
  { responseGroups }: Required<RepairOptions>,
): boolean {
  if (channelId === undefined || responseGroups === 1 || author === participantId) return true;
  if (author === undefined) return false;
  const [group, groupOfAuthor] = [participantId, author].map((name) => share([name, messageId], responseGroups));
  return group === groupOfAuthor;
}

/** The sender answers at once. In a channel of two it is the only one who can. */
function answerDelayMs(
  { participantId, channelId }: ChannelState,
  messageId: string,
  author: string | undefined,
  { maxMs }: Required<RepairOptions>,
): number {
  if (channelId === undefined || author === participantId) return 0;
  return share([author ?? "", participantId, messageId], maxMs + 1);
}

/** From 0 to `below` - 1, the same for the same names. */
function share(names: readonly string[], below: number): number {
  const digest = hash(new TextEncoder().encode(names.join("\0")), 8);
  return Number(new DataView(digest.buffer, digest.byteOffset).getBigUint64(0) % BigInt(below));
}

function earliest(requests: readonly Requested[]): Requested | undefined {
  return requests.reduce<Requested | undefined>(
    (first, each) => (first && first.dueMs <= each.dueMs ? first : each),
    undefined,
  );
}
