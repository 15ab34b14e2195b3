import { execFile } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "@jest/globals";
import { temporaryDirectory } from "./temporary-directory.ts";

const directory = temporaryDirectory();

(process.platform === "win32" ? test.skip : test)(
  "what may not be written or read is refused with IO at once, and left as it is",
  async () => {
    const path = directory.file("read-only");
    mkdirSync(path);
    chmodSync(directory.path, 0o711); // the child becomes somebody else if it is the superuser
    const script = fileURLToPath(new URL("child/read-only.ts", import.meta.url));
    const flags = ["--conditions=@chat/source", "--disable-warning=ExperimentalWarning"];
    const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, path]);
    expect(JSON.parse(stdout)).toEqual({
      outcomes: {
        "a file and a directory that are read-only": "IO",
        "a new file in a directory that is read-only": "IO",
        "a key file that may not be read": "IO",
        "a file that is read-only": "IO",
        "a directory that is read-only": "IO",
        "nothing of it": "works",
      },
      isChanged: false,
    });
  },
  20_000,
);
