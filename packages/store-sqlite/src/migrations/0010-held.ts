/**
 * What arrived before something that it follows: decrypted and acknowledged, so this is the only copy.
 * @module
 */
export const HELD = `
  CREATE TABLE held (
    position INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    sds_id TEXT NOT NULL,
    lamport INTEGER NOT NULL,
    bytes BLOB NOT NULL, -- sealed
    UNIQUE (session_id, sds_id)
  ) STRICT;
`;
