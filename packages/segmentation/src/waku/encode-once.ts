/**
 * An encoder that gives the same message each time it is asked. One that encrypts would otherwise make another
 * ciphertext, with another hash, for each retry.
 * @module
 */
import type { IEncoder, IMessage } from "@waku/sdk";

/**
 * @returns an encoder for `message` alone, or undefined when it cannot be encoded
 * @throws what `encoder` throws
 */
export async function encodeOnce(encoder: IEncoder, message: IMessage): Promise<IEncoder | undefined> {
  const encoded = await encoder.toProtoObj(message);
  if (encoded === undefined) return undefined;
  const { contentTopic, ephemeral, routingInfo, pubsubTopic } = encoder;
  // The light node only measures what `toWire` gives, so that may be another ciphertext.
  const toWire = () => encoder.toWire(message);
  return { contentTopic, ephemeral, routingInfo, pubsubTopic, toWire, toProtoObj: async () => encoded };
}
