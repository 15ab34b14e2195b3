/** The sizes that all cases of the area have in common. @module */

export const MIB = 2 ** 20;

/** What one message may be, in bytes: a Waku message of 150 KB less its frame. */
export const MAX_MESSAGE_SIZE = 150_000;
