/**
 * Protobuf from the network: a value or nothing, never an exception.
 * @module
 */
import { type DescMessage, fromBinary, type MessageShape } from "@bufbuild/protobuf";

/** The message, or undefined if `bytes` are not one. Unknown fields are skipped. Byte fields are views into `bytes`. */
export function decodeMessage<Desc extends DescMessage>(
  schema: Desc,
  bytes: Uint8Array,
): MessageShape<Desc> | undefined {
  try {
    return fromBinary(schema, bytes, { readUnknownFields: false });
  } catch {
    return undefined;
  }
}

/** Number of the first field that the schema does not have; 0 if it has all. */
export function unknownMember(schema: DescMessage, bytes: Uint8Array): number {
  try {
    return fromBinary(schema, bytes).$unknown?.[0]?.no ?? 0;
  } catch {
    return 0;
  }
}
