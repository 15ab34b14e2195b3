/**
 * The token that callers show: whoever can read its file is the owner of the daemon.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const TOKEN_BYTES = 32;
const SCHEME = "Bearer ";

export class Token {
  readonly #digest: Buffer;
  readonly #path: string;

  /** Makes a new one, and writes it to a file of mode 0600 in place of an earlier one. */
  constructor(path: string) {
    const token = randomBytes(TOKEN_BYTES).toString("base64url");
    this.#digest = digest(token);
    this.#path = path;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    const fresh = `${path}.${process.pid}`;
    rmSync(fresh, { force: true });
    writeFileSync(fresh, token, { mode: 0o600, flag: "wx" });
    renameSync(fresh, path);
  }

  get path(): string {
    return this.#path;
  }

  /** @param authorization - of a request: `Bearer <token>` */
  admits(authorization: string | undefined): boolean {
    const token = authorization?.startsWith(SCHEME) ? authorization.slice(SCHEME.length) : "";
    return timingSafeEqual(digest(token), this.#digest);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/** Of equal length whatever is compared. */
function digest(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
