export { MemoryDelivery, MemoryNetwork } from "./delivery/memory-network.ts";
