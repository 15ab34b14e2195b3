import { jestConfig } from "../jest.base.mjs";

export default { ...jestConfig("workspace", import.meta.dirname), testMatch: ["<rootDir>/*.test.ts"] };
