export { MemoryDelivery, MemoryNetwork } from "./delivery/memory-network.ts";
export type { Conditions } from "./testing/conditions.ts";
export { findingsOf } from "./testing/findings.ts";
export { KeyWatch } from "./testing/key-watch.ts";
export { SeededRandom } from "./testing/seeded-random.ts";
export type { Published, SimulatedNetwork } from "./testing/simulated-network.ts";
export type { PersonOptions, SimulatedPerson } from "./testing/simulated-person.ts";
export { Simulation, type SimulationOptions } from "./testing/simulation.ts";
export { type SentRecord, type ShownRecord, Witness } from "./testing/witness.ts";
