/** Two people chat where every message needs an RLN proof for the place in the quota that its envelope was given. */
import { type Devnet, MembershipProver, readMembership, rlnQuotaSource, startDevnet } from "@chat/devnet";
import { ChatClient, text } from "@chat/sdk";
import { expect, test } from "@jest/globals";
import { nextText, temporaryFolder, until } from "./people.ts";

const LIMIT = 5;
/** So long that the test does not see its end. */
const EPOCH_SECONDS = 86_400;

async function member(devnet: Devnet, number: number, database: string) {
  const membership = readMembership(devnet.rln?.memberships[number] ?? "");
  const rln = new MembershipProver(membership);
  const client = await ChatClient.create({
    database,
    network: { peers: devnet.peers, ...devnet.network, rln },
    rateLimit: { source: rlnQuotaSource(membership), epochSeconds: EPOCH_SECONDS },
    acknowledgementDelayMs: 0,
  });
  const close = async () => {
    await client.close();
    await rln.close();
  };
  return { client, [Symbol.asyncDispose]: close };
}

test("the limit of the membership holds over a restart, and nobody gives a secret away", async () => {
  using folder = temporaryFolder();
  await using devnet = await startDevnet({
    rln: { folder: folder.path("rln"), messagesPerEpoch: LIMIT, epochSeconds: EPOCH_SECONDS, members: 2 },
  });
  let slashed = 0;
  devnet.rln?.onSlash(() => {
    slashed += 1;
  });
  await using raya = await member(devnet, 0, folder.path("raya.db"));
  {
    await using saro = await member(devnet, 1, folder.path("saro.db"));
    expect(saro.client.quota).toMatchObject({ total: LIMIT, used: 0, level: "high" });
    const chat = await saro.client.accept(await raya.client.createInvite(), text("one"));
    expect(await nextText(raya.client)).toBe("one");
    for (const body of ["two", "three"]) {
      const message = await chat.send(text(body));
      expect(await nextText(raya.client)).toBe(body);
      await message.delivered({ signal: AbortSignal.timeout(20_000) });
    }
  }
  await using saro = await member(devnet, 1, folder.path("saro.db"));
  expect(saro.client.quota).toMatchObject({ total: LIMIT, used: 3 });
  const [chat] = await saro.client.conversations();
  for (const body of ["four", "five"]) await (await chat?.send(text(body)))?.sent();
  const beyond = await chat?.send(text("six"));
  await until(() => saro.client.quota.remaining === 0, "the quota is used up");
  expect(await beyond?.status()).toBe("queued");
  expect(beyond?.waiting()).toMatchObject({ envelopes: 1, reason: "quota" });
  expect(await nextText(raya.client)).toBe("four");
  expect(await nextText(raya.client)).toBe("five");
  const { counters } = devnet.nodes[0] ?? {};
  expect(counters?.dropped).toMatchObject({ "rln-invalid": 0, "rln-stale": 0, "rln-double": 0 });
  expect(slashed).toBe(0);
}, 180_000);
