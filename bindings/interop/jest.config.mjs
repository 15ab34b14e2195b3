import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/interop", import.meta.dirname);
