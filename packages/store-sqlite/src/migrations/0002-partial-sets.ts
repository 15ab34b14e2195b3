/**
 * Half-received payloads, as `PartialSetStore` of @chat/segmentation keeps them. A set id shows the hash of the
 * payload, and a sender who it is from: rows are looked up by `set_tag`, a keyed hash of both, and the names
 * themselves are sealed. `position` keeps the order and is part of what a sealed value is bound to.
 * @module
 */
export const PARTIAL_SETS = `
  CREATE TABLE partial_segments (
    position INTEGER PRIMARY KEY,
    set_tag BLOB NOT NULL,
    origin BLOB NOT NULL, -- sealed: set id, sender, time of receipt
    bytes BLOB NOT NULL -- sealed
  ) STRICT;
  CREATE INDEX partial_segments_set ON partial_segments (set_tag);

  CREATE TABLE completed_sets (
    position INTEGER PRIMARY KEY,
    set_tag BLOB NOT NULL UNIQUE,
    origin BLOB NOT NULL, -- sealed: set id, sender
    completed_at_ms REAL NOT NULL
  ) STRICT;
  CREATE INDEX completed_sets_time ON completed_sets (completed_at_ms);
`;
