import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/store", import.meta.dirname);
