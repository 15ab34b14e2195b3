/**
 * The queue of a rate limit manager, as `QueueStore` of @chat/ratelimit keeps it. Ids are chosen by the application and
 * may be hashes of what is sent, and receipts tell which messages of the network are ours: rows are looked up by `tag`,
 * a keyed hash of the id, and everything else is sealed, each value for its tag. Bytes have a table of their own, so
 * that a record is replaced and all of them are read without them. `position` keeps the order of insertion.
 * @module
 */
export const QUEUE = `
  CREATE TABLE queued_messages (
    position INTEGER PRIMARY KEY,
    tag BLOB NOT NULL UNIQUE,
    record BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE queued_bytes (
    position INTEGER PRIMARY KEY REFERENCES queued_messages (position) ON DELETE CASCADE,
    bytes BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE ended_messages (
    position INTEGER PRIMARY KEY,
    tag BLOB NOT NULL UNIQUE,
    record BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE quota_ledger (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ledger BLOB NOT NULL -- sealed
  ) STRICT;
`;
