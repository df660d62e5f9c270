import { servePage } from "./desk";

/** The DOM's types have no SharedWorkerGlobalScope. */
addEventListener("connect", (event) => servePage((event as MessageEvent).ports[0]!));
