/** What cuts payloads into messages and puts them together again, in this language or by the command of another. @module */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { Reassembler, Segmenter } from "@chat/segmentation";
import { type Language, program } from "./languages.ts";

export type Settings = { readonly maxMessageSize: number; readonly blind: boolean };
/** A payload, or what is told of one that is not whole. */
export type Decoded = { readonly payload?: Uint8Array; readonly reports: readonly object[] };

export interface Coder {
  readonly name: string;
  encode(payload: Uint8Array, settings: Settings): Promise<Uint8Array[]>;
  decode(messages: readonly Uint8Array[], settings: Settings): Promise<Decoded>;
}

export const typeScript: Coder = {
  name: "typescript",
  async encode(payload, settings) {
    return [...new Segmenter(settings).segment(payload)];
  },
  async decode(messages, settings) {
    const reassembler = new Reassembler(settings);
    for (const message of messages) {
      const result = reassembler.accept(message);
      if (result.kind === "complete") return { payload: result.payload, reports: [] };
    }
    return { reports: reassembler.expire(Date.now() + 3_600_000) };
  },
};

export function native(language: Language): Coder {
  const compiled = program(language, "segmentation");
  const run = async (direction: "encode" | "decode", input: Uint8Array, { maxMessageSize, blind }: Settings) => {
    const args = [direction, "--max-message-size", `${maxMessageSize}`, ...(blind ? ["--blind"] : [])];
    const child = spawn(await compiled, args, { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => {}); // it may have enough before the end
    child.stdin.end(input);
    const [output, problem] = await Promise.all([child.stdout.toArray(), child.stderr.toArray()]);
    if (child.exitCode === null) await once(child, "exit");
    return { code: child.exitCode, output: Buffer.concat(output), problem: Buffer.concat(problem).toString() };
  };
  return {
    name: language,
    async encode(payload, settings) {
      const { code, output, problem } = await run("encode", payload, settings);
      if (code !== 0) throw new Error(`${language} ended with ${code}: ${problem}`);
      return unframed(output);
    },
    async decode(messages, settings) {
      const { code, output, problem } = await run("decode", framed(messages), settings);
      if (code === 0) return { payload: output, reports: [] };
      if (code !== 3) throw new Error(`${language} ended with ${code}: ${problem}`);
      return {
        reports: problem
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line)),
      };
    },
  };
}

/** Each after its length: 32 bits, big-endian. */
function framed(messages: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(
    messages.flatMap((message) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(message.length);
      return [length, message];
    }),
  );
}

function unframed(bytes: Buffer): Uint8Array[] {
  const messages = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 4 + bytes.readUInt32BE(at);
    messages.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return messages;
}
