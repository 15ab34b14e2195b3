import { describeStoreContract } from "@chat/store/testing";
import { openStore } from "@chat/store-sqlite";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();
const key = new Uint8Array(32).fill(7);
let count = 0;

describeStoreContract("the store on SQLite", (options) =>
  openStore({ path: directory.file(`${count++}.db`), key, ...options }),
);
