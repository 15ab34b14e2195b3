/**
 * The first schema. Published migrations are never edited; a change of the schema is a new one.
 *
 * Sealed columns are named in a comment; everything else can be read in the file. `position` keeps the order in
 * which rows were first put.
 * @module
 */
export const FIRST = `
  CREATE TABLE data_key (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    kek TEXT NOT NULL CHECK (kek IN ('passphrase', 'bytes', 'file')),
    salt BLOB,
    scrypt_n INTEGER,
    scrypt_r INTEGER,
    scrypt_p INTEGER,
    wrapped BLOB NOT NULL, -- sealed with the key-encryption key
    CHECK ((kek = 'passphrase') = (salt IS NOT NULL AND scrypt_n > 1 AND scrypt_r > 0 AND scrypt_p > 0))
  ) STRICT;

  CREATE TABLE conversations (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    peer BLOB NOT NULL, -- sealed
    created_at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE messages (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    direction TEXT NOT NULL CHECK (direction IN ('incoming', 'outgoing')),
    status TEXT NOT NULL CHECK (status IN ('queued', 'sent', 'delivered', 'failed', 'received')),
    content BLOB NOT NULL, -- sealed
    lamport INTEGER NOT NULL,
    sent_at_ms INTEGER NOT NULL,
    stored_at_ms INTEGER NOT NULL,
    CHECK ((direction = 'incoming') = (status = 'received'))
  ) STRICT;
  CREATE INDEX messages_page ON messages (conversation_id, lamport, id);
  CREATE INDEX messages_incoming ON messages (sequence) WHERE direction = 'incoming';

  CREATE TABLE consumed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    sequence INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE outbox (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL,
    message_id TEXT,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    timestamp_ms INTEGER,
    created_at_ms INTEGER NOT NULL,
    purpose TEXT NOT NULL CHECK (purpose IN ('content', 'acknowledgement', 'retransmission'))
  ) STRICT;
  CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id IS NOT NULL;

  CREATE TABLE outgoing (
    session_id TEXT NOT NULL,
    sds_id TEXT NOT NULL,
    message_id TEXT NOT NULL,
    bytes BLOB NOT NULL, -- sealed
    PRIMARY KEY (session_id, sds_id)
  ) STRICT;
  CREATE INDEX outgoing_message ON outgoing (message_id);

  CREATE TABLE sds_ids (
    session_id TEXT NOT NULL,
    sds_id TEXT NOT NULL,
    lamport INTEGER NOT NULL,
    PRIMARY KEY (session_id, sds_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sds_states (
    session_id TEXT PRIMARY KEY NOT NULL,
    state BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE segments (
    position INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL,
    set_id TEXT NOT NULL,
    is_parity INTEGER NOT NULL CHECK (is_parity IN (0, 1)),
    segment_index INTEGER NOT NULL,
    bytes BLOB NOT NULL, -- sealed
    stored_at_ms INTEGER NOT NULL,
    UNIQUE (session_id, set_id, is_parity, segment_index)
  ) STRICT;

  CREATE TABLE cursors (
    topic TEXT PRIMARY KEY NOT NULL,
    timestamp_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    bytes BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE sessions (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL,
    snapshot BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE invites (
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    snapshot BLOB NOT NULL -- sealed
  ) STRICT;

  CREATE TABLE handshakes (
    invite_id TEXT NOT NULL REFERENCES invites (id) ON DELETE CASCADE,
    handshake_id TEXT NOT NULL,
    PRIMARY KEY (invite_id, handshake_id)
  ) STRICT, WITHOUT ROWID;
`;
