/** End to end over real sockets and a real database: service nodes of the devnet, unmodified light nodes. */

import { type Devnet, startDevnet } from "@chat/devnet";
import { ChatClient, type ChatClientOptions, file, isFile, text } from "@chat/sdk";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { next, nextText, temporaryFolder, until } from "./people.ts";

let devnet: Devnet;
beforeAll(async () => {
  devnet = await startDevnet({ nodes: 3 });
});
afterAll(async () => {
  await devnet.close();
});

function peer(index: number): string {
  const address = devnet.peers[index];
  if (address === undefined) throw new RangeError(`no service node ${index}`);
  return address;
}

function openAt(node: number, options: Partial<ChatClientOptions> = {}): Promise<ChatClient> {
  const network = { peers: [peer(node)], ...devnet.network };
  return ChatClient.create({ database: null, network, acknowledgementDelayMs: 0, rateLimit: "devnet", ...options });
}

describe("three service nodes linked by relay", () => {
  test("sender on one, recipient on another, history from the third", async () => {
    using folder = temporaryFolder();
    const [rayaFile, saroFile] = [folder.path("raya.db"), folder.path("saro.db")];
    let raya = await openAt(1, { database: rayaFile });
    await using saro = await openAt(0, { database: saroFile });
    const chat = await saro.accept(await raya.createInvite(), text("by filter"));
    const { conversation, content } = await next(raya);
    expect(content).toMatchObject({ text: "by filter" });
    await (await conversation.send(text("an answer"))).delivered();
    expect(await nextText(saro)).toBe("an answer");
    await raya.close();

    const offline = await chat.send(text("while you were away"));
    const bytes = new Uint8Array(500_000).map((_, index) => index >> 3);
    const picture = await chat.send(file({ name: "p.png", mediaType: "image/png", bytes }));
    await offline.sent();
    await picture.sent();
    raya = await openAt(2, { database: rayaFile });
    expect(await nextText(raya)).toBe("while you were away");
    const received = await next(raya);
    expect(received.content.kind).toBe("file");
    expect(isFile(received.content) && received.content.bytes).toEqual(bytes);
    await Promise.all([offline.delivered(), picture.delivered()]);
    await raya.close();
  });

  test("a service node that restarts is found again, and nothing is lost meanwhile", async () => {
    await using raya = await openAt(1);
    await using saro = await openAt(0);
    const chat = await saro.accept(await raya.createInvite(), text("before"));
    expect(await nextText(raya)).toBe("before");
    const [node] = devnet.nodes;
    await node?.stop();
    await until(() => saro.health === "disconnected", "the client notices");
    const waiting = await chat.send(text("while it is down"));
    expect(await waiting.status()).toBe("queued");
    await node?.start();
    expect(await nextText(raya)).toBe("while it is down");
    await waiting.delivered();
    expect(saro.health).toBe("connected");
  });
});

describe("an unreachable service node", () => {
  const network = { peers: ["/ip4/127.0.0.1/tcp/9/ws"] };

  test("is an error that says what to do, and releases the database", async () => {
    using folder = temporaryFolder();
    const database = folder.path("raya.db");
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(ChatClient.create({ database, network })).rejects.toMatchObject({
        code: "PEER_UNREACHABLE",
        retryable: true,
        message: expect.stringContaining("/ip4/127.0.0.1/tcp/9/ws"),
      });
    }
  });

  test("is found when it starts later, and then messages flow both ways", async () => {
    await using late = await startDevnet();
    const [node] = late.nodes;
    const here = { peers: late.peers, ...late.network };
    await node?.stop();
    const offline = { database: null, network: here, whenUnreachable: "queue", acknowledgementDelayMs: 0 } as const;
    await using raya = await ChatClient.create(offline);
    await using saro = await ChatClient.create(offline);
    const chat = await saro.accept(await raya.createInvite(), text("are you there?"));
    await node?.start();
    const { conversation, content } = await next(raya);
    expect(content).toMatchObject({ text: "are you there?" });
    await conversation.send(text("now"));
    expect(await nextText(saro)).toBe("now");
    await (await chat.send(text("good"))).delivered();
  });

  test("of another cluster connects, and then an event says what is wrong", async () => {
    await using raya = await openAt(0);
    await using saro = await openAt(0, { network: { peers: [peer(0)], clusterId: 7 } });
    const events = saro.events({ signal: AbortSignal.timeout(20_000) });
    await saro.accept(await raya.createInvite(), text("lost in space"));
    for await (const event of events) {
      if (event.type !== "error") continue;
      expect(event.error).toMatchObject({ code: "DELIVERY_REFUSED", message: expect.stringContaining("clusterId") });
      return;
    }
    throw new Error("no error event");
  });

  test('does not matter at first with whenUnreachable: "queue"', async () => {
    await using saro = await ChatClient.create({ database: null, network, whenUnreachable: "queue" });
    expect(saro.health).toBe("disconnected");
    await using raya = await openAt(0);
    const chat = await saro.accept(await raya.createInvite(), text("later"));
    expect(await chat.history()).toMatchObject([{ status: "queued" }]);
  });
});
