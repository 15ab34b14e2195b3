import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/sdk", import.meta.dirname);
