/**
 * What lists of conversations and messages need to be read by index, deletion and expiry.
 *
 * The table of messages is made anew: a message names its conversation by `position`, which makes three of its indexes a
 * third as long as they were with the id. `sequence` keeps counting from the highest one.
 * `activity` orders conversations; those of before get it from their newest message. What the application had consumed
 * counts as read. A content type is a number, and what it stands for a keyed hash; messages of before have none.
 * @module
 */
export const LISTS = `
  ALTER TABLE conversations ADD COLUMN activity INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE conversations ADD COLUMN read_sequence INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE conversations ADD COLUMN unread INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE content_types (
    number INTEGER PRIMARY KEY,
    tag BLOB NOT NULL UNIQUE
  ) STRICT;

  CREATE TABLE new_messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation INTEGER NOT NULL REFERENCES conversations (position),
    direction TEXT NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'delivered', 'failed', 'dropped', 'received')),
    content BLOB NOT NULL, -- sealed
    lamport INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    content_type INTEGER,
    expires_at_ms INTEGER,
    CHECK ((direction = 'incoming') = (status = 'received'))
  ) STRICT;
  INSERT INTO new_messages (sequence, id, conversation, direction, status, content, lamport, sent_at_ms, stored_at_ms)
    SELECT sequence, messages.id, position, direction, status, content, lamport, sent_at_ms, stored_at_ms
    FROM messages JOIN conversations ON conversations.id = conversation_id ORDER BY sequence;
  DROP TABLE messages;
  ALTER TABLE new_messages RENAME TO messages;

  CREATE INDEX messages_page ON messages (conversation, lamport, id);
  CREATE INDEX messages_status ON messages (status);
  CREATE INDEX messages_conversation_status ON messages (conversation, status);
  CREATE INDEX messages_type ON messages (content_type) WHERE content_type IS NOT NULL;
  CREATE INDEX messages_conversation_type ON messages (conversation, content_type) WHERE content_type IS NOT NULL;
  CREATE INDEX messages_expiry ON messages (expires_at_ms) WHERE expires_at_ms IS NOT NULL;

  UPDATE conversations SET activity = ranked.rank FROM (
    SELECT position, row_number() OVER (
      ORDER BY (SELECT max(sequence) FROM messages WHERE conversation = position), position
    ) AS rank FROM conversations
  ) AS ranked WHERE conversations.position = ranked.position;
  CREATE UNIQUE INDEX conversations_activity ON conversations (activity);
  UPDATE conversations SET read_sequence = coalesce((SELECT sequence FROM consumed), 0);
  UPDATE conversations SET unread = (
    SELECT count(*) FROM messages WHERE conversation = position AND status = 'received' AND sequence > read_sequence
  );

  CREATE TABLE deleted_messages (
    tag BLOB PRIMARY KEY NOT NULL,
    deleted_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX deleted_messages_time ON deleted_messages (deleted_at_ms);

  CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id IS NOT NULL;
  CREATE INDEX outbox_session ON outbox (session_id);
`;
