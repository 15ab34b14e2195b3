import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/bench", import.meta.dirname);
