import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/campaign", import.meta.dirname);
