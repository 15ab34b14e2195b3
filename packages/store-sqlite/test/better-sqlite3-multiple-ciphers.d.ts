/** Its exports map leaves its types out. */
declare module "better-sqlite3-multiple-ciphers" {
  export { default } from "better-sqlite3";
}
