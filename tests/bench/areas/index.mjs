/**
 * What can be measured, in the order in which it is.
 *
 * An area has a `title`, `notes`, names for its `columns`, and `measure`, which gets the browser, whether the
 * run is a quick one, where results go, and for how long the harness measures, and resolves with rows for `support/report.mjs`.
 */
import { binary } from "./binary.mjs";
import { herd } from "./herd.mjs";
import { memory } from "./memory.mjs";
import { network } from "./network.mjs";
import { outbox } from "./outbox.mjs";
import { quotes } from "./quotes.mjs";
import { dedup, fanout, receive, unheard } from "./receiving.mjs";
import { emit } from "./sending.mjs";
import { server } from "./server.mjs";
import { start } from "./start.mjs";
import { tabs } from "./tabs.mjs";
import { worker } from "./worker.mjs";

export const areas = {
  dedup,
  receive,
  unheard,
  fanout,
  emit,
  binary,
  network,
  quotes,
  worker,
  tabs,
  start,
  outbox,
  memory,
  server,
  herd,
};
