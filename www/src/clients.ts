/** The page's two clients. They live as long as the page: components only subscribe to them. */
import { type Client, createClient } from "sockeye-client";
import type { JobsCommands, JobsEvents, PrimesCommands, PrimesEvents } from "./events";

export const primes: Client<PrimesEvents, PrimesCommands> = createClient("/", {
  path: "/primes/socket.io",
});

export const jobs: Client<JobsEvents, JobsCommands> = createClient("/jobs", {
  path: "/jobs/socket.io",
});

/** What all clients have in common, whatever their events are. */
export type AnyClient = Pick<
  Client,
  "name" | "id" | "status" | "connect" | "disconnect" | "reconnectNow"
>;

declare global {
  interface Window {
    /** For the browser's console and for tests. */
    sockeyeDemo: { primes: typeof primes; jobs: typeof jobs };
  }
}

window.sockeyeDemo = { primes, jobs };

// An edit of this file makes new clients; the old ones must not stay connected.
import.meta.hot?.dispose(() => {
  void primes.destroy();
  void jobs.destroy();
});
