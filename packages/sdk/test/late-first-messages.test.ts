/** First messages that the quota holds back for epochs, while the conversation goes on. */
import { file, text } from "@chat/sdk";
import { Simulation } from "@chat/sdk/testing";
import { expect, test } from "@jest/globals";

const MINUTE_MS = 60_000;
const RATE_LIMIT = { messagesPerEpoch: 12, epochSeconds: 600 };
/** More segments than an epoch takes. */
const FILE_BYTES = 3_000_000;

test.each([1, 6, 7])(
  "a file that was begun before the answer arrives whole after it, and none of it is sent twice (seed %i)",
  async (seed) => {
    await using simulation = new Simulation({ seed });
    const raya = await simulation.person("raya", { rateLimit: "devnet" });
    const sentAgain: unknown[] = [];
    const nothing = () => {};
    const logger = { debug: (event: string) => void (event === "sent again" && sentAgain.push(event)) };
    const saro = await simulation.person("saro", {
      rateLimit: RATE_LIMIT,
      logger: { ...logger, info: nothing, warn: nothing, error: nothing },
    });
    const invite = await simulation.run(() => raya.client.createInvite());
    const chat = await simulation.run(() => saro.client.accept(invite, text("hello")));
    const bytes = new Uint8Array(FILE_BYTES).map((_, index) => index >> 9);
    const sent = await simulation.run(() => chat.send(file({ name: "f", mediaType: "", bytes })));
    await simulation.pass(MINUTE_MS);
    const [back] = await raya.client.conversations();
    await simulation.run(async () => back?.send(text("I am here")));
    await simulation.pass(MINUTE_MS);
    // Saro knows the answer: this is an ordinary envelope, and the last segments of the file are none.
    await simulation.run(() => chat.send(text("the file is coming")));
    await simulation.pass(MINUTE_MS);
    expect(await sent.status()).toBe("queued");
    await simulation.pass(45 * MINUTE_MS);
    expect(await sent.status()).toBe("delivered");
    expect(sentAgain).toEqual([]);
  },
);
