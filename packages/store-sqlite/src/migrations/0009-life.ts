/**
 * How far messages come: two more statuses, transfers of what has many parts, signals in the outbox, and the Lamport time of
 * received segments. A CHECK cannot be altered, so the tables of messages and of the outbox are made anew, with the same
 * indexes. `sequence` keeps counting from the highest one.
 * @module
 */
export const LIFE = `
  CREATE TABLE new_messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation INTEGER NOT NULL REFERENCES conversations (position),
    direction TEXT NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    status TEXT NOT NULL CHECK (status IN
      ('queued', 'sent', 'delivered', 'read', 'failed', 'cancelled', 'dropped', 'received')),
    content BLOB NOT NULL, -- sealed
    lamport INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    content_type INTEGER,
    expires_at_ms INTEGER,
    CHECK ((direction = 'incoming') = (status = 'received'))
  ) STRICT;
  INSERT INTO new_messages SELECT sequence, id, conversation, direction, status, content, lamport, sent_at_ms, stored_at_ms,
    content_type, expires_at_ms FROM messages ORDER BY sequence;
  -- What was deleted last had the highest one.
  UPDATE sqlite_sequence SET seq = (SELECT seq FROM sqlite_sequence WHERE name = 'messages')
    WHERE name = 'new_messages' AND EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'messages');
  INSERT INTO sqlite_sequence (name, seq) SELECT 'new_messages', seq FROM sqlite_sequence
    WHERE name = 'messages' AND NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'new_messages');
  DROP TABLE messages;
  ALTER TABLE new_messages RENAME TO messages;
  CREATE INDEX messages_page ON messages (conversation, lamport, id);
  CREATE INDEX messages_status ON messages (status);
  CREATE INDEX messages_conversation_status ON messages (conversation, status);
  CREATE INDEX messages_type ON messages (content_type) WHERE content_type IS NOT NULL;
  CREATE INDEX messages_conversation_type ON messages (conversation, content_type) WHERE content_type IS NOT NULL;
  CREATE INDEX messages_expiry ON messages (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

  CREATE TABLE new_outbox (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    message_id TEXT,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    timestamp_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('content', 'acknowledgement', 'retransmission', 'signal')),
    priority TEXT NOT NULL CHECK (priority IN ('critical', 'normal', 'optional')),
    epoch INTEGER,
    slot_index INTEGER,
    attempts INTEGER NOT NULL,
    not_before_ms INTEGER
  ) STRICT;
  INSERT INTO new_outbox SELECT position, id, session_id, message_id, topic, payload, timestamp_ms, created_at_ms, purpose,
    priority, epoch, slot_index, attempts, not_before_ms FROM outbox ORDER BY position;
  DROP TABLE outbox;
  ALTER TABLE new_outbox RENAME TO outbox;
  CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id IS NOT NULL;
  CREATE INDEX outbox_session ON outbox (session_id);

  CREATE TABLE transfers (
    position INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    length INTEGER NOT NULL,
    segment_size INTEGER NOT NULL,
    total INTEGER NOT NULL,
    made INTEGER NOT NULL CHECK (made <= total),
    after_sds_id TEXT,
    is_paused INTEGER NOT NULL CHECK (is_paused IN (0, 1))
  ) STRICT;
  CREATE INDEX transfers_session ON transfers (session_id);

  ALTER TABLE segments ADD COLUMN lamport INTEGER;
`;
