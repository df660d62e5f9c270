import { DOCUMENT } from "@angular/common";
import { InjectionToken, inject } from "@angular/core";

const parameters = () => new URL(inject(DOCUMENT).location.href).searchParams;

/** Where the desk is; without one nothing connects. */
export const SERVER = new InjectionToken<string | null>("server", {
  providedIn: "root",
  factory: () => parameters().get("server"),
});

/** Where the client connects to, and whether its core is in a worker: one for this page, or one for all tabs. */
export function desk() {
  const server = inject(SERVER);
  const worker = parameters().get("worker");
  return {
    url: server ?? "http://localhost",
    autoConnect: server !== null,
    worker: worker === null ? undefined : worker === "shared" ? shared : dedicated,
  };
}

const dedicated = () => new Worker(new URL("./socket.worker", import.meta.url), { type: "module" });

const shared = () =>
  new SharedWorker(new URL("./socket.worker", import.meta.url), { type: "module" });
