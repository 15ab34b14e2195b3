/**
 * What is known of people: whether they may write, and later how to reach them again. `id` is that of the conversation.
 * @module
 */
export const PEERS = `
  CREATE TABLE peers (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    snapshot BLOB NOT NULL -- sealed
  ) STRICT;
`;
