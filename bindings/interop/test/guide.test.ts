/** `docs/guides/other-languages.md`, word for word, in an empty folder. Its clone is of this repository. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, expect, test } from "@jest/globals";
import { bindings, languages, scratch } from "./languages.ts";

const repository = join(bindings, "..");
const guide = readFileSync(join(repository, "docs", "guides", "other-languages.md"), "utf8");

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What the reader types, and the files that the reader makes: `name`, a colon, and a block. */
function scriptOf(text: string): string {
  const parts = text.matchAll(/(?:^`([^`]+)`:\n\n)?^```(\w+)\n(.*?)^```$/gms);
  return Array.from(parts, ([, name, language, content = ""]) => {
    if (language === "sh") return content;
    if (name === undefined) return "";
    const source = join(scratch, "sources", name);
    mkdirSync(dirname(source), { recursive: true });
    writeFileSync(source, content);
    return `mkdir -p '${join(scratch, "guide", dirname(name))}'; cp '${source}' '${join(scratch, "guide", name)}'\n`;
  }).join("");
}

const follow = languages.length === 3 ? test : test.skip;

follow(
  "the guide to other languages does what it says",
  async () => {
    const folder = join(scratch, "guide");
    mkdirSync(folder, { recursive: true });
    const script = join(scratch, "guide.sh");
    writeFileSync(script, `set -e\n${scriptOf(guide)}`);
    const env = {
      ...process.env,
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: `url.file://${repository}.insteadOf`,
      GIT_CONFIG_VALUE_0: "https://github.com/at-chat/chat",
      CARGO_TARGET_DIR: join(bindings, "rust", "target"), // what is compiled already
      CHAT_TOOLCHAIN: "", // the clone finds its tools by itself
    };
    const child = spawn("bash", [script], { cwd: folder, env, detached: true, stdio: ["ignore", "pipe", "inherit"] });
    let stdout = "";
    child.stdout.on("data", (text) => {
      stdout += text;
    });
    const [code] = await once(child, "exit");
    process.kill(-(child.pid ?? 0), "SIGKILL"); // the service node, which the reader leaves running
    expect(code).toBe(0);
    const promised = [...guide.matchAll(/^```text\n(.*?)^```$/gms)].map(([, text = ""]) => text);
    expect(promised).toHaveLength(1);
    for (const text of promised) expect(stdout).toContain(text);
    expect(stdout.trim()).toMatch(/1000000 bytes arrived$/);
  },
  600_000,
);
