export { describePartialSetStore, type OpenedPartialSetStore } from "./testing/partial-set-store-contract.ts";
