/**
 * A change of what is known of a peer, durable together with the end of sessions. In the conversation's turn.
 * @module
 */
import type { Context } from "../context.ts";
import { endSession, forgetSession } from "../sessions/ended-session.ts";
import { encodePeerFile, type PeerFile } from "./peer-file.ts";

/** @param ended - ids of sessions */
export async function changePeer(file: PeerFile, ended: readonly string[], context: Context): Promise<void> {
  const { store, sessions, peers } = context;
  await store.write((tx) => {
    tx.secrets.putPeer(encodePeerFile(file));
    for (const id of ended) endSession(tx, id);
  });
  peers.replace(file);
  for (const session of sessions.everything()) if (ended.includes(session.id)) forgetSession(session, context);
}
