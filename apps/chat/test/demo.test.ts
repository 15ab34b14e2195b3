import { tmpdir } from "node:os";
import { afterEach, expect, test } from "@jest/globals";
import { endAll, start } from "./child.ts";

afterEach(endAll);

test("the demo tells the whole story, in order, and succeeds", async () => {
  const demo = start("demo.ts", [], tmpdir());
  const milestones = [
    /a Waku service node starts/,
    /^A first message to somebody who is offline/,
    /Raya makes an invite link/,
    /^ +logos_chatintro_1_[\w-]+$/,
    /Raya goes offline/,
    /→ Saro: hello Raya/,
    /✓ Saro sees: sent/,
    /← Raya reads: hello Raya/,
    /✓ Saro sees: delivered/,
    /← Saro reads: now I am\. hi!/,
    /✓ Raya sees: delivered/,
    /✓ the file arrived bit for bit/,
    /✓ Saro sees: delivered/,
    /both close their databases/,
    /← Raya reads: still here after the restart/,
    /✓ Saro sees: delivered/,
    /^What Raya finds in the database/,
    /^ +→ now I am\. hi! {3}\[delivered\]/,
    /^Everything arrived, once, and was confirmed\./,
  ];
  for (const milestone of milestones) await demo.line(milestone, 20_000);
  expect(await demo.ended()).toMatchObject({ code: 0, error: "" });
}, 30_000);
