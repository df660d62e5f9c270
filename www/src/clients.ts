/** The clients of the dashboards. They live as long as the page: components only subscribe to them. */
import { type Client, createClient } from "sockeye-client";
import type {
  JobsCommands,
  JobsEvents,
  PrimesCommands,
  PrimesEvents,
  QuotesEvents,
} from "./events";

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
    /** For the browser's console and for tests; `quotes` is the client under load, which is another one for each place of its core. */
    sockeyeDemo: {
      primes: typeof primes;
      jobs: typeof jobs;
      quotes?: Client<QuotesEvents, object>;
    };
  }
}

window.sockeyeDemo = { primes, jobs };

// An edit of this file makes new clients; the old ones must not stay connected.
import.meta.hot?.dispose(() => {
  void primes.destroy();
  void jobs.destroy();
});
