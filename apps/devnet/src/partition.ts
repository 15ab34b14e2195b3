/**
 * Splits the nodes of a devnet into groups that cannot reach each other, and joins them again.
 * @module
 */
import { DevnetError } from "./errors.ts";
import type { ServiceNode } from "./service-node.ts";

/**
 * Cuts every link between nodes of different groups; light nodes keep theirs. Replaces a partition that is there.
 * @param groups - indexes of nodes from 0; a node that is in no group is alone
 * @throws {@link DevnetError} `INVALID_OPTION`
 */
export function partition(nodes: readonly ServiceNode[], groups: readonly (readonly number[])[]): Promise<void> {
  const groupOf = new Map<number, number>();
  for (const [group, indexes] of groups.entries()) {
    for (const index of indexes) {
      if (!Number.isInteger(index) || index < 0 || index >= nodes.length || groupOf.has(index)) {
        const wanted = `each of the nodes 0 to ${nodes.length - 1} at most once`;
        throw new DevnetError("INVALID_OPTION", `partition: want ${wanted}, got ${index}`);
      }
      groupOf.set(index, group);
    }
  }
  const isApart = (one: number, other: number) => one !== other && (groupOf.get(one) ?? NaN) !== groupOf.get(other);
  return apply(nodes, isApart);
}

/** Resolves when all nodes are linked again, and have caught up with each other. */
export function heal(nodes: readonly ServiceNode[]): Promise<void> {
  return apply(nodes, () => false);
}

async function apply(nodes: readonly ServiceNode[], isApart: (one: number, other: number) => boolean): Promise<void> {
  for (const [index, node] of nodes.entries()) {
    node.cutOff(nodes.filter((_, other) => isApart(index, other)));
  }
  // From both sides of a link that comes back: each lacks what the other has.
  for (const node of nodes) await node.linkUp();
}
