/**
 * Which of several copies of a database this is: a number that every opening raises, also in a file beside it, so that a
 * copy of before is noticed, and what a copy may not do: use sessions of before. `restored_at_ms`: what was used of the quota of epochs that
 * began before is not known. `has_old_file`: a key file that the key of before needed is to be removed.
 * @module
 */
export const LINEAGE = `
  CREATE TABLE lineage (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    store_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    is_backup INTEGER NOT NULL CHECK (is_backup IN (0, 1)),
    restored_at_ms INTEGER
  ) STRICT;

  CREATE TABLE restored_sessions (
    session_id TEXT PRIMARY KEY NOT NULL
  ) STRICT, WITHOUT ROWID;

  ALTER TABLE data_key ADD COLUMN has_old_file INTEGER NOT NULL DEFAULT 0 CHECK (has_old_file IN (0, 1));
`;
