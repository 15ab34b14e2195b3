/** All packages in one run; `pnpm --filter @chat/sds test` runs one of them alone. The time limit counts only from here. */
export default {
  projects: ["<rootDir>/packages/*", "<rootDir>/apps/*", "<rootDir>/examples/*", "<rootDir>/test"],
  maxWorkers: 2,
  testTimeout: 30_000,
};
