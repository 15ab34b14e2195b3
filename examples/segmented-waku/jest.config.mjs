import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("example: segmented-waku", import.meta.dirname);
