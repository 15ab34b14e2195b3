/**
 * Where a node listens. The ports of its first start are those of every later one.
 * @module
 */
import { isIPv6 } from "node:net";
import type { Multiaddr } from "@multiformats/multiaddr";
import { DevnetError } from "../errors.ts";
import { isWebSocket } from "../links.ts";
import type { Host } from "./host.ts";

/** Multiaddrs that end with the id of the node; empty before the first start. */
export type Addresses = { readonly webSocket: string; readonly tcp: string };

export const NO_ADDRESSES: Addresses = { webSocket: "", tcp: "" };

export type Interface = {
  /** IP address. */
  readonly host: string;
  /** 0 for any free port. */
  readonly webSocketPort: number;
};

export function addressesOf(host: Host): Addresses {
  const find = (wanted: (address: Multiaddr) => boolean) => host.getMultiaddrs().find(wanted)?.toString() ?? "";
  return { webSocket: find(isWebSocket), tcp: find((address) => !isWebSocket(address)) };
}

/** @param before - of the start before this one */
export function listenAddresses({ host, webSocketPort }: Interface, before: Addresses): string[] {
  const base = isIPv6(host) ? `/ip6/${host}` : `/ip4/${host}`;
  const webSocket = portOf(before.webSocket) ?? webSocketPort;
  return [`${base}/tcp/${webSocket}/ws`, `${base}/tcp/${portOf(before.tcp) ?? 0}`];
}

/** What to throw when the node `name` could not listen. */
export function listenError(
  name: string,
  { host, webSocketPort }: Interface,
  before: Addresses,
  cause: unknown,
): DevnetError {
  if (!String(cause).includes("EADDRINUSE")) {
    return new DevnetError("LISTEN_FAILED", `${name}: cannot listen on ${host}, port ${webSocketPort}`, { cause });
  }
  const ports = [portOf(before.webSocket) ?? webSocketPort, portOf(before.tcp)].filter(Boolean).join(" or ");
  const detail = `${name}: port ${ports} on ${host} is in use; choose another port`;
  return new DevnetError("PORT_IN_USE", detail, { cause });
}

function portOf(address: string): number | undefined {
  const port = /\/tcp\/(\d+)/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}
