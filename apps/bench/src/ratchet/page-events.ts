/**
 * In a page, what 2key-ratchet takes from Node's module `events`. Nobody listens there.
 * @module
 */
export class EventEmitter {
  emit(): boolean {
    return false;
  }
}
