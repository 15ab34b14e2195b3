/** Writes `vectors/segmentation.json` anew: `node --conditions=@chat/source test/vectors/write.ts`. */
import { writeFileSync } from "node:fs";
import { vectors } from "./vectors.ts";

const { notes, ...cases } = vectors();
const lines = Object.entries(cases).map(
  ([name, list]) => `  "${name}": [\n${list.map((item) => `    ${JSON.stringify(item)}`).join(",\n")}\n  ]`,
);
const text = `{\n  "notes": ${JSON.stringify(notes)},\n${lines.join(",\n")}\n}\n`;
writeFileSync(new URL("../../../../vectors/segmentation.json", import.meta.url), text);
