export { describeStoreContract } from "./testing/contract.ts";
export { randomHistory, type Step } from "./testing/history.ts";
export { snapshotOf } from "./testing/snapshot.ts";
