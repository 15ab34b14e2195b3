export { describeQueueStore, type QueuePlace } from "./testing/queue-store-contract.ts";
export { settled, VirtualClock } from "./testing/virtual-clock.ts";
