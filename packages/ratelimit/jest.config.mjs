import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/ratelimit", import.meta.dirname);
