import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/store-sqlite", import.meta.dirname);
