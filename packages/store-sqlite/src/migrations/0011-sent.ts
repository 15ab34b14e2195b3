/**
 * What a caller that was interrupted has to ask: how far its messages have come since, and whether one was taken over.
 * @module
 */
export const SENT = `
  -- The last step of each outgoing message; one more step gives it a new number.
  CREATE TABLE status_changes (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    sequence INTEGER NOT NULL UNIQUE REFERENCES messages (sequence)
  ) STRICT;
  INSERT INTO status_changes (sequence) SELECT sequence FROM messages WHERE status <> 'received' ORDER BY sequence;

  CREATE TABLE sent_keys (
    tag BLOB NOT NULL PRIMARY KEY, -- keyed hash of conversation and key
    sequence INTEGER NOT NULL UNIQUE REFERENCES messages (sequence)
  ) STRICT;
`;
