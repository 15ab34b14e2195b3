/**
 * What the rate limit knows of each row of the outbox, and messages that were never sent because quota was low: a CHECK
 * cannot be altered, so the table of messages is made anew. `sequence` keeps counting from the highest one.
 * @module
 */
export const TRANSMISSIONS = `
  ALTER TABLE outbox ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal'
    CHECK (priority IN ('critical', 'normal', 'optional'));
  ALTER TABLE outbox ADD COLUMN epoch INTEGER;
  ALTER TABLE outbox ADD COLUMN slot_index INTEGER;
  ALTER TABLE outbox ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE outbox ADD COLUMN not_before_ms INTEGER;
  DROP INDEX outbox_message;

  CREATE TABLE outbox_ledger (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    ledger BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE new_messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    direction TEXT NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'delivered', 'failed', 'dropped', 'received')),
    content BLOB NOT NULL, -- sealed
    lamport INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    CHECK ((direction = 'incoming') = (status = 'received'))
  ) STRICT;
  INSERT INTO new_messages SELECT sequence, id, conversation_id, direction, status, content, lamport, sent_at_ms,
    stored_at_ms FROM messages ORDER BY sequence;
  DROP TABLE messages;
  ALTER TABLE new_messages RENAME TO messages;
  CREATE INDEX messages_page ON messages (conversation_id, lamport, id);
  CREATE INDEX messages_incoming ON messages (sequence) WHERE direction = 'incoming';
`;
