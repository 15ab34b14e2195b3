import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/terminal", import.meta.dirname);
