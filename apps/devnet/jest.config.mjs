import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/devnet", import.meta.dirname);
