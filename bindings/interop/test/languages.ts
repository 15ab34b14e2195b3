/**
 * The languages beside TypeScript, and their programs. CHAT_LANGUAGES names those that are on this machine, as
 * `scripts/bindings.mjs` finds out; without it, all have to be.
 * @module
 */
import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const LANGUAGES = ["go", "rust", "nim"] as const;
export type Language = (typeof LANGUAGES)[number];

export const bindings = join(import.meta.dirname, "..", "..");
const chosen = process.env.CHAT_LANGUAGES?.split(",");
export const languages = LANGUAGES.filter((language) => chosen?.includes(language) ?? true);

/** A folder whose path is short enough for sockets. */
export const scratch = mkdtempSync(join(tmpdir(), "chat-"));

/** Compiles the program that talks (`chat`, not in Nim) or the one that cuts segments; resolves with its path. */
export async function program(language: Language, name: "chat" | "segmentation"): Promise<string> {
  const file = join(scratch, `${name}-${language}`);
  switch (language) {
    case "go":
      await build(
        "go",
        ["build", "-o", file, name === "chat" ? "./internal/interop" : "./cmd/segmentation"],
        `go/${name}`,
      );
      return file;
    case "rust": {
      const [crate, binary] = name === "chat" ? ["interop", "interop"] : ["chat-segmentation", "segmentation"];
      await build("cargo", ["build", "--quiet", "--package", crate], "rust");
      return join(bindings, "rust", "target", "debug", binary);
    }
    case "nim":
      await build(
        "nim",
        ["c", "--hints:off", "-d:release", `--nimcache:${file}.cache`, `--out:${file}`, "src/segmentation_cli.nim"],
        `nim/${name}`,
      );
      return file;
  }
}

async function build(tool: string, args: readonly string[], folder: string): Promise<void> {
  const env = { ...process.env, GOFLAGS: "-buildvcs=false" };
  await promisify(execFile)(tool, args, { cwd: join(bindings, folder), env });
}
