export { describeStoreContract, type OpenStore } from "./testing/contract.ts";
export { historySearch, randomHistory, type Step } from "./testing/history.ts";
export { searchesOf, snapshotOf } from "./testing/snapshot.ts";
