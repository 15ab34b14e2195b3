import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/report", import.meta.dirname);
