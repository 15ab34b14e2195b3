import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Devnet, startDevnet } from "@chat/devnet";
import { afterAll, afterEach, beforeAll, expect, test } from "@jest/globals";
import { type Child, endAll, start } from "./child.ts";

let devnet: Devnet;
let folder: string;

beforeAll(async () => {
  devnet = await startDevnet();
  folder = await mkdtemp(join(tmpdir(), "terminal-chat-"));
});
afterEach(endAll);
afterAll(async () => {
  await devnet.close();
  await rm(folder, { recursive: true, force: true });
});

function chat(name: string, ...options: string[]): Child {
  return start("main.ts", ["--name", name, ...options, ...devnet.peers.flatMap((peer) => ["--peer", peer])], folder);
}

test("two people meet by a link, write both ways, leave, and find each other again", async () => {
  let raya = chat("raya");
  let saro = chat("saro");
  await raya.line(/^Nobody to write to yet/);
  await saro.line(/^You are saro, account [0-9a-f]{8}\./);

  raya.type("/invite");
  await raya.line(/^Send this link to one person/);
  const link = await raya.line(/^logos_chatintro_1_[\w-]+$/);
  saro.type(`/join ${link}`);
  await saro.line(/^Talking to [0-9a-f]{8}\./);
  await saro.line(/^You: saro has joined$/);
  await raya.line(/^Talking to [0-9a-f]{8}\./);
  await raya.line(/^[0-9a-f]{8}: saro has joined$/);

  raya.type("hi saro");
  await raya.line(/^ {2}\(1\) (queued|sent)$/);
  await saro.line(/: hi saro$/);
  saro.type("hi raya");
  await raya.lines([/: hi raya$/, /^ {2}\(1\) delivered$/], 20_000);
  raya.type("/status");
  await raya.line(/^connection {2}connected$/);
  await raya.line(/^\* [0-9a-f]{8} {2}hi raya$/);

  raya.type("/doctor");
  await raya.line(/^ {2}✓ connection {3}1 of 1 service nodes answer$/);

  raya.type("/quit");
  const leftAtMs = performance.now();
  const rayasEnd = await raya.ended();
  expect(performance.now() - leftAtMs).toBeLessThan(10_000); // it does not hang; machines may be slow
  expect(rayasEnd).toMatchObject({ code: 0, error: "" });
  expect(rayasEnd.out).toMatch(/Bye\.\n$/);

  saro.type("are you gone?");
  await saro.line(/^ {2}\(2\) (queued|sent)$/); // (1) was the hello
  raya = chat("raya");
  await raya.line(/^Talking to [0-9a-f]{8}\./);
  await raya.line(/: are you gone\?$/);

  saro.interrupt();
  expect(await saro.ended()).toMatchObject({ code: 0, error: "" });
  saro = chat("saro");
  saro.type("what comes right before the end of the input is sent");
  saro.endInput();
  const sarosEnd = await saro.ended();
  expect(sarosEnd).toMatchObject({ code: 0, error: "" });
  expect(sarosEnd.out).toMatch(/ {2}\(1\) sent\n/);
  await raya.line(/: what comes right before the end of the input is sent$/);
  // Everything was shown once: nothing old came again after the restart.
  raya.type("/quit");
  expect((await raya.ended()).out.match(/: /g)).toHaveLength(2);
}, 30_000);

test("a file shows on both sides how far it is, and with --receipts that it was read", async () => {
  await writeFile(join(folder, "film.mp4"), new Uint8Array(2_000_000));
  const raya = chat("viewer", "--receipts");
  const saro = chat("director");
  raya.type("/invite");
  saro.type(`/join ${await raya.line(/^logos_chatintro_1_[\w-]+$/)}`);
  // Both confirmations wait a random time: the one of reading may be the first.
  await saro.line(/^ {2}\(1\) (delivered|read)$/, 20_000);
  saro.type("/file film.mp4");
  await saro.line(/^ {2}\(2\) (queued|sent)$/);
  await raya.line(/^ {2}file of [0-9a-f]{8}: 100 % of 2\.0 MB$/, 20_000);
  await raya.line(/^[0-9a-f]{8}: \[file film\.mp4, 2000000 bytes\]$/);
  await saro.lines([/^ {2}\(2\) 100 % of 2\.0 MB$/, /^ {2}\(2\) read$/], 20_000);
  for (const [line, answer] of [
    ["/file none.mp4", /^✗ ENOENT/],
    ["/cancel", /^✗ \/cancel needs the number/],
    ["/cancel 2", /^ {2}\(2\) too late, or no file that is under way$/],
  ] as const) {
    saro.type(line);
    await saro.line(answer);
  }
}, 60_000);

test("strangers with a link for many ask before they are answered", async () => {
  const raya = chat("host");
  raya.type("/invite many");
  const link = await raya.line(/^logos_chatintro_1_[\w-]+$/);
  const saro = chat("guest");
  saro.type(`/join ${link}`);
  await raya.line(/^[0-9a-f]{8}: guest has joined$/);
  await raya.line(/^ {2}They ask to write to you/);
  raya.type("what is typed goes to nobody yet");
  await raya.line(/^✗ Nobody to write to yet/);
  raya.type("/accept");
  await raya.line(/^Talking to [0-9a-f]{8}\./);
  await saro.line(/^ {2}\(1\) delivered$/, 20_000);
  const other = chat("spammer");
  other.type(`/join ${link}`);
  await raya.line(/^[0-9a-f]{8}: spammer has joined$/);
  raya.type("/block");
  await raya.line(/^[0-9a-f]{8} is blocked\.$/);
  raya.type("/accept");
  await raya.line(/^✗ Nobody asks to write to you\.$/);
  for (const child of [raya, saro, other]) child.type("/quit");
}, 60_000);

test("says when quota is low and used up, and what a message then waits for", async () => {
  const raya = chat("generous");
  const saro = chat("frugal", "--limit", "4/9999999");
  raya.type("/invite");
  saro.type(`/join ${await raya.line(/^logos_chatintro_1_[\w-]+$/)}`);
  await raya.line(/: frugal has joined$/);
  saro.type("/status");
  await saro.line(/^quota {7}3 of 4 messages left until \d\d:\d\d, 1 of them kept for texts$/);
  saro.type("two");
  saro.type("three");
  await saro.line(/^ {2}quota low: 1 of 4 messages left until \d\d:\d\d, kept for texts$/);
  saro.type("four");
  await saro.line(/^ {2}quota used up until \d\d:\d\d; what you write waits$/);
  await raya.line(/: four$/);
  saro.type("five");
  await saro.line(/^ {2}\(5\) queued, waits for quota until about \d\d:\d\d$/);
  saro.type("/quit");
  expect((await saro.ended()).out).toMatch(/1 message\(s\) not sent yet; they go out when you are back\.\nBye\.\n$/);
}, 30_000);

test("with a membership, every message is proved and the limit is that of the membership", async () => {
  const rln = { folder: join(folder, "rln"), messagesPerEpoch: 10, epochSeconds: 86_400, members: 2 };
  await using strict = await startDevnet({ rln });
  const [ofRaya = "", ofSaro = ""] = strict.rln?.memberships ?? [];
  const peers = strict.peers.flatMap((peer) => ["--peer", peer]);
  const raya = start("main.ts", ["--name", "proved-raya", "--rln", ofRaya, ...peers], folder);
  const saro = start("main.ts", ["--name", "proved-saro", "--rln", ofSaro, ...peers], folder);
  raya.type("/invite");
  saro.type(`/join ${await raya.line(/^logos_chatintro_1_[\w-]+$/)}`);
  await raya.line(/: proved-saro has joined$/, 20_000);
  saro.type("/status");
  await saro.line(/^quota {7}9 of 10 messages left until \d\d:\d\d, 3 of them kept for texts$/);
  for (const person of [raya, saro]) person.type("/quit");
  for (const person of [raya, saro]) expect(await person.ended()).toMatchObject({ code: 0, error: "" });
  const stranger = start("main.ts", ["--name", "stranger", "--rln", join(folder, "none.json"), ...peers], folder);
  expect((await stranger.ended()).error).toMatch(/^✗ .*none\.json/);
}, 60_000);

test("says what is wrong with a command and goes on", async () => {
  const raya = chat("mistaken");
  const wrong: [line: string, answer: RegExp][] = [
    ["hello?", /^✗ Nobody to write to yet: \/invite/],
    ["/bogus", /^✗ No command \/bogus; \/help lists them\.$/],
    ["/join", /^✗ \/join needs a link/],
    ["/join https://example.org/", /^✗ .*not an invite/],
  ];
  for (const [line, answer] of wrong) {
    raya.type(line);
    await raya.line(answer);
  }
  raya.type("/invite");
  const link = await raya.line(/^logos_chatintro_1_/);
  raya.type(`/join ${link.slice(0, -20)}`);
  await raya.line(/^✗ .*cut off/);
  raya.type(`/join ${link}`);
  await raya.line(/^✗ .*made by this account/);
  raya.type("/help");
  await raya.line(/^ {2}\/join LINK/);
  raya.type("/quit");
  expect(await raya.ended()).toMatchObject({ code: 0, error: "" });
});

test("says when the connection is lost, keeps what is written, and sends it when it is back", async () => {
  await using other = await startDevnet();
  const [node] = other.nodes;
  const args = (name: string) => ["--name", name, "--peer", other.peers[0] ?? ""];
  const raya = start("main.ts", args("stranded-raya"), folder);
  const saro = start("main.ts", args("stranded-saro"), folder);
  await raya.line(/^You are/);
  await saro.line(/^You are/);
  raya.type("/invite");
  saro.type(`/join ${await raya.line(/^logos_chatintro_1_/)}`);
  await raya.line(/: stranded-saro has joined$/);

  await node?.stop();
  await raya.line(/^ {2}connection lost/);
  raya.type("wait for me");
  await raya.line(/^ {2}\(1\) queued, waits for a connection$/);
  await node?.start();
  await raya.line(/^ {2}connected again$/);
  await raya.line(/^ {2}\(1\) sent$/);
  await saro.line(/: wait for me$/);

  await node?.stop();
  await raya.line(/^ {2}connection lost/);
  raya.type("too late");
  raya.type("/quit");
  const { code, error, out } = await raya.ended();
  expect({ code, error }).toEqual({ code: 0, error: "" });
  expect(out).toMatch("1 message(s) not sent yet; they go out when you are back.\nBye.\n");
});

test("an account is open in one terminal at a time", async () => {
  const first = chat("twice");
  await first.line(/^You are twice/);
  const second = await chat("twice").ended();
  expect(second.code).toBe(1);
  expect(second.error).toMatch(/^✗ this account is open in another terminal \(process \d+\).*another --name\n$/);
});

test("the account's folder is for its owner only", async () => {
  const raya = chat("private");
  await raya.line(/^You are private/);
  expect((await stat(join(folder, ".chat"))).mode & 0o777).toBe(0o700);
});

test.each([
  [["--name", "../raya"], "✗ --name: want 1 to 64 letters"],
  [[], "✗ --name is missing"],
  [["--name", "raya", "--colour"], "✗ Unknown option '--colour'"],
  [["--name", "raya", "--peer", "localhost"], "✗ network.peers: want WebSocket multiaddrs"],
  [["--name", "raya", "--peer", "/ip4/127.0.0.1/tcp/1/ws"], "✗ no service node answers at /ip4/127.0.0.1/tcp/1/ws"],
  [["--name", "raya", "--limit", "1/1", "--rln", "f"], "✗ --limit: with --rln, the membership has the limit"],
  [["--name", "raya", "--limit", "many"], "✗ --limit: want messages and seconds like 100/600"],
  [["--name", "raya", "--database", "none/raya.db"], "✗ path: want a file in an existing directory"],
])("ends with 1 and a sentence, not a stack: %j", async (args, message) => {
  const elsewhere = await mkdtemp(join(folder, "wrong-"));
  const { code, error } = await start("main.ts", args, elsewhere).ended();
  expect(code).toBe(1);
  expect(error.startsWith(message)).toBe(true);
  expect(error).not.toMatch(/^ +at /m);
});
