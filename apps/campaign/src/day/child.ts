/**
 * One day of virtual time, in a process of its own, started with `--expose-gc`.
 * Its one argument is a {@link DayOrder}; it prints a {@link DayResult} or ends with an error.
 * @module
 */
import { runDay } from "./day.ts";
import type { DayOrder } from "./orders.ts";

console.log(JSON.stringify(await runDay(JSON.parse(process.argv[2] ?? "") as DayOrder)));
process.exit(0);
