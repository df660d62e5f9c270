/** What runs in the page. */
import { measureReceive } from "./receive.js";

globalThis.bench = { measureReceive };
