import { jestConfig } from "../../jest.base.mjs";

export default jestConfig("@chat/segmentation", import.meta.dirname);
