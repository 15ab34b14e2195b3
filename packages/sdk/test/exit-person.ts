/** A process that opens a client, closes it, and has to end by itself. @module */
import { ChatClient, text } from "@chat/sdk";

const { peers, network, scenario } = JSON.parse(process.argv[2] ?? "");
const options = { database: null, network: { peers, ...network } };

if (scenario === "fails") {
  const failure = await ChatClient.create({ ...options, connectTimeoutMs: 1_500 }).catch((error: unknown) => error);
  if (!(failure instanceof Error)) throw new TypeError("want a failure");
} else if (scenario === "waits") {
  const client = await ChatClient.create({ ...options, whenUnreachable: "queue" });
  await new Promise((resolve) => setTimeout(resolve, 700));
  await client.close();
} else {
  const clients = await Promise.all(Array.from({ length: 8 }, () => ChatClient.create(options)));
  const [raya, saro] = clients as [ChatClient, ChatClient, ...ChatClient[]];
  const chat = await saro.accept(await raya.createInvite(), text("hello"));
  for await (const _ of raya.messages()) break;
  await chat.send(text("on its way when everything ends"));
  await Promise.all(clients.map((client) => client.close()));
}
process.stdout.write("closed\n");
