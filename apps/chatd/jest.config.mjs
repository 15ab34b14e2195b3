import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/chatd", import.meta.dirname);
