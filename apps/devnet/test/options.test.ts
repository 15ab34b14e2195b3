import { createServer } from "node:net";
import { expect, test } from "@jest/globals";
import { DEVNET_CLUSTER_ID, DEVNET_SHARDS, type DevnetOptions, startDevnet } from "../src/index.ts";

test.each<[string, DevnetOptions]>([
  ["nodes", { nodes: 0 }],
  ["nodes", { nodes: 17 }],
  ["nodes", { nodes: 1.5 }],
  ["port", { port: -1 }],
  ["port", { port: 65_535, nodes: 2 }],
  ["port", { port: Number.NaN }],
  ["host", { host: "localhost" }],
  ["clusterId", { clusterId: 65_536 }],
  ["shards", { shards: 0 }],
  ["dataDir", { dataDir: "" }],
  ["limits.requestsPerSecond", { limits: { requestsPerSecond: 0 } }],
  ["limits.burst", { limits: { burst: 0.5 } }],
  ["retention.maxAgeMs", { retention: { maxAgeMs: 999 } }],
  ["retention.maxBytes", { retention: { maxBytes: 0 } }],
])("an option out of range is refused by its name: %s", async (name, options) => {
  await expect(startDevnet(options)).rejects.toMatchObject({
    code: "INVALID_OPTION",
    message: expect.stringMatching(`^${name}: want`),
  });
});

test("the defaults are one node of cluster 42 with 8 shards on loopback", async () => {
  const devnet = await startDevnet();
  expect(devnet.network).toEqual({ clusterId: DEVNET_CLUSTER_ID, shards: DEVNET_SHARDS });
  expect(devnet.network).toEqual({ clusterId: 42, shards: 8 });
  expect(devnet.peers).toEqual([expect.stringMatching(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/ws\/p2p\/16Uiu2HA\w+$/)]);
  await devnet[Symbol.asyncDispose]();
});

test("the nodes take the ports from the given one on", async () => {
  const probe = await startDevnet({ nodes: 1 });
  const port = portOf(probe.peers[0]);
  await probe.close();
  const devnet = await startDevnet({ nodes: 1, port });
  expect(devnet.peers.map(portOf)).toEqual([port]);
  await devnet.close();
});

test("a port in use is named, and nothing stays open", async () => {
  const blocker = createServer();
  const port = await new Promise<number>((resolve) =>
    blocker.listen(0, "127.0.0.1", () => resolve(Number(Object(blocker.address()).port))),
  );
  await expect(startDevnet({ port })).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringContaining(String(port)),
  });
  await new Promise((resolve) => blocker.close(resolve));
  const devnet = await startDevnet({ port });
  await devnet.close();
});

test("an address this machine does not have cannot be listened on", async () => {
  await expect(startDevnet({ host: "192.0.2.1" })).rejects.toMatchObject({ code: "LISTEN_FAILED" });
});

test("starts and stops are told to the log", async () => {
  const lines: string[] = [];
  const devnet = await startDevnet({ log: (line) => lines.push(line) });
  await devnet.close();
  expect(lines).toEqual([`node-1 listens on ${devnet.peers[0]}`, "node-1 stopped"]);
});

function portOf(address: string | undefined): number {
  return Number(/\/tcp\/(\d+)\//.exec(address ?? "")?.[1]);
}
