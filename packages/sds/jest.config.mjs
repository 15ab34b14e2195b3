import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/sds", import.meta.dirname);
