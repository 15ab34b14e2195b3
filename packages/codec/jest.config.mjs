import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/codec", import.meta.dirname);
