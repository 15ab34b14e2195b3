/** All packages in one run; `pnpm --filter @chat/sds test` runs one of them alone. */
export default {
  projects: ["<rootDir>/packages/*", "<rootDir>/apps/*", "<rootDir>/test"],
  maxWorkers: 2,
};
