/** Messages through real nodes of both sides; the cases that are left out differ from these in numbers alone. */
import { describeBesideGoWaku } from "./small-devnet.ts";

describeBesideGoWaku(["relay-100kb", "relay3-1kb", "latency-100", "subscribers-1000"]);
