import { readdirSync, readFileSync } from "node:fs";
import { openStore } from "@chat/store-sqlite";
import { expect, test } from "@jest/globals";
import { fillAll } from "./fill-all.ts";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();

/** Every way in which somebody might find a text or a key in a file. */
function formsOf(bytes: Uint8Array): Buffer[] {
  const plain = Buffer.from(bytes);
  // Base64 has three forms, by where the text begins; the characters at its ends depend on what is beside it.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), plain])
      .toString("base64")
      .slice(shift === 0 ? 0 : 4)
      .slice(0, -4),
  );
  const hex = plain.toString("hex");
  const wide = Buffer.from(plain.toString("latin1"), "utf16le");
  return [
    plain,
    wide,
    Buffer.from(wide).swap16(),
    ...[...base64, hex, hex.toUpperCase()].map((text) => Buffer.from(text)),
  ];
}

test("no file shows a message, a peer, a secret or a key, neither while the store is open nor afterwards, nor a backup", async () => {
  const path = directory.file("sealed.db");
  await using store = await openStore({ path });
  await fillAll(store);
  const fileKey = new Uint8Array(readFileSync(`${path}.key`));
  const copyKey = new Uint8Array(32).map((_, index) => 200 - index);
  await store.backup(directory.file("sealed.backup"), { key: copyKey });
  const searched = [new TextEncoder().encode("hidden"), fileKey, copyKey].flatMap(formsOf);
  const expectSealed = (names: string[]) => {
    const files = readdirSync(directory.path).filter((name) => name !== "sealed.db.key");
    expect(files.sort()).toEqual(names.sort());
    const all = Buffer.concat(files.map((name) => readFileSync(directory.file(name))));
    expect(all.includes("visible-id")).toBe(true); // the search does find what is there
    for (const [index, form] of searched.entries()) expect([index, all.includes(form)]).toEqual([index, false]);
  };
  // Reading an open database in its own process drops its locks (POSIX); nobody else wants them here.
  const open = ["sealed.db-wal", "sealed.db.owner"];
  const always = ["sealed.db", "sealed.db.generation", "sealed.backup"];
  expectSealed([...always, ...open]);
  await store.write(({ messages, secrets }) => {
    secrets.deleteSession("s1");
    secrets.deleteInvite("i1");
    messages.deleteMessage("m1", 1);
    secrets.putSession({ id: "s2", conversationId: "visible-id", snapshot: new TextEncoder().encode("hidden-again") });
  });
  await store.changeKey(copyKey);
  searched.push(...formsOf(fileKey));
  await store.close();
  expectSealed(always);
});
