/**
 * When everybody has gone: reads what is there, and holds it against the rules.
 * @module
 */
import { isFile } from "@chat/sdk";
import type { ChatRoom } from "./chat-room.ts";
import { NAMES } from "./letters.ts";
import { entriesOf, findingsOf, type Rules, type Side, sideOf } from "./verdict.ts";

const MAX_SHOWN = 5;

/** @throws Error with the first findings, and where databases and diaries are */
export async function judge(room: ChatRoom, rules: Rules): Promise<Side[]> {
  const sides: Side[] = [];
  for (const name of NAMES) {
    sides.push(await sideOf(name, { database: room.database(name), diary: room.diary(name) }));
  }
  const [raya, saro] = sides as [Side, Side];
  const findings = findingsOf(raya, saro, rules);
  if (findings.length === 0) return sides;
  const shown = findings.slice(0, MAX_SHOWN).join("; ");
  throw new Error(`${findings.length} findings: ${shown}; the databases and diaries are in ${room.directory}`);
}

export function amountsOf(sides: readonly Side[]): Record<string, number> {
  const contents = sides.flatMap(({ history }) =>
    history.flatMap((m) => (m.direction === "incoming" ? [m.content] : [])),
  );
  const files = contents.filter(isFile);
  const tried = sides.flatMap((side) => entriesOf(side, "trying"));
  return {
    messages: contents.length,
    files: files.length,
    fileBytes: files.reduce((sum, { bytes }) => sum + bytes.length, 0),
    // Of these it was open whether they would become durable.
    unanswered:
      tried.length - sides.flatMap((side) => [...entriesOf(side, "accepted"), ...entriesOf(side, "refused")]).length,
    transmissions: sides.flatMap((side) => entriesOf(side, "slot")).length,
  };
}
