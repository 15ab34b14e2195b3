/** Clients in Go, Rust and TypeScript chat with each other; the daemon of one is killed in between. */
import { randomBytes } from "node:crypto";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Devnet, startDevnet } from "@chat/devnet";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { languages, scratch } from "./languages.ts";
import { fileOf, native, type Participant, typeScript } from "./participants.ts";

const FILE_BYTES = 5_000_000;
/** Messages from each to each. */
const COUNTS = {
  "go rust": 60,
  "rust go": 60,
  "go typescript": 20,
  "typescript go": 20,
  "rust typescript": 20,
  "typescript rust": 20,
};

let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet({ port: 0 });
});
afterAll(async () => {
  await devnet[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true, force: true });
});

const chats = languages.includes("go") && languages.includes("rust") ? test : test.skip;

chats(
  "Go, Rust and TypeScript: 200 messages and a file of 5 MB, with a daemon killed, all once and in order",
  async () => {
    const [go, rust, typescript] = await Promise.all([
      native("go", devnet.peers),
      native("rust", devnet.peers),
      typeScript("typescript", devnet.peers),
    ]);
    const all: Participant[] = [go, rust, typescript];
    for (const [host, guest] of [
      [go, rust],
      [rust, typescript],
      [typescript, go],
    ] as const) {
      await guest.accept(await host.invite());
      while (!host.heard.some(({ from }) => from === guest.account)) await host.next();
    }
    const path = join(scratch, "photo.raw");
    const bytes = randomBytes(FILE_BYTES);
    writeFileSync(path, bytes);

    const talking = Object.entries(COUNTS).map(([pair, count]) => {
      const [from, to] = pair.split(" ").map((name) => all.find((participant) => participant.name === name));
      if (from === undefined || to === undefined) throw new Error(`want two participants, got ${pair}`);
      return from.talk(to.account, count);
    });
    const sending = go.sendFile(rust.account, path);
    while (rust.heard.length < 20) await rust.next();
    const killed = await go.daemon();
    process.kill(killed, "SIGKILL");
    await Promise.all([...talking, sending]);

    expect(await go.daemon()).not.toBe(killed);
    let messages = 0;
    for (const listener of all) {
      for (const speaker of all.filter((other) => other !== listener)) {
        const said = listener.heard.filter(({ from }) => from === speaker.account);
        const texts = said.flatMap(({ text }) => (text === undefined || text === "hello" ? [] : [text]));
        const count = COUNTS[`${speaker.name} ${listener.name}` as keyof typeof COUNTS];
        expect(texts).toEqual(Array.from({ length: count }, (_, index) => `${speaker.name} ${index + 1}`));
        const files = said.flatMap(({ file }) => file ?? []);
        expect(files).toEqual(speaker === go && listener === rust ? [fileOf("photo.raw", bytes)] : []);
        messages += texts.length;
      }
    }
    expect(messages).toBe(200);
    await Promise.all(all.map((participant) => participant.close()));
  },
  120_000,
);
