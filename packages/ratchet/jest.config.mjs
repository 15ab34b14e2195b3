import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/ratchet", import.meta.dirname);
