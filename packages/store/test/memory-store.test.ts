import { openMemoryStore } from "@chat/store";
import { describeStoreContract } from "@chat/store/testing";

describeStoreContract("the store in memory", async (options) => openMemoryStore(options));
