import { DOCUMENT } from "@angular/common";
import { InjectionToken, inject } from "@angular/core";

const parameters = () => new URL(inject(DOCUMENT).location.href).searchParams;

/** Where the desk is; without one nothing connects. */
export const SERVER = new InjectionToken<string | null>("server", {
  providedIn: "root",
  factory: () => parameters().get("server"),
});

/** Where the client connects to, and whether its core is in a worker. */
export function desk() {
  const server = inject(SERVER);
  const isInWorker = parameters().has("worker");
  return {
    url: server ?? "http://localhost",
    autoConnect: server !== null,
    worker: isInWorker ? makeWorker : undefined,
  };
}

const makeWorker = () =>
  new Worker(new URL("./socket.worker", import.meta.url), { type: "module" });
