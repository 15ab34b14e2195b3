import { join } from "node:path";

/**
 * The one jest configuration that every package extends: native ES modules, TypeScript by swc,
 * and workspace packages resolved to their sources, so that tests never run against a stale build.
 */
export function jestConfig(displayName, rootDir) {
  return {
    displayName,
    rootDir,
    testTimeout: 30_000,
    testEnvironment: join(import.meta.dirname, "jest.environment.cjs"),
    testEnvironmentOptions: { customExportConditions: ["@chat/source", "node", "node-addons"] },
    testMatch: ["<rootDir>/test/**/*.test.ts"],
    extensionsToTreatAsEsm: [".ts"],
    transform: {
      "\\.ts$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2023" }, sourceMaps: "inline" }],
    },
  };
}
