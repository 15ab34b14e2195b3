/**
 * A store whose secrets are in a file of their own: both files have this schema, and each uses its part of it. A store in
 * one file has no row in these tables. docs/decisions/0013-two-files.md says what keeps the files in step.
 * @module
 */
export const TWO_FILES = `
  CREATE TABLE two_files (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    store_id BLOB NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('messages', 'secrets')),
    -- of records in secret_redo: in the messages the last one that was deleted, in the secrets the last one applied
    number INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE secret_redo (
    number INTEGER PRIMARY KEY,
    changes BLOB NOT NULL -- sealed
  ) STRICT;
`;
