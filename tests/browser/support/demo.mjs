/** The demo as the mock server serves it. */
import { inRoot } from "../../../tools/lib/paths.mjs";
import { startMock } from "./mock.mjs";

/** Starts a mock server with the demo; jobs run fast, and none starts by itself. */
export const startDemo = (port) =>
  startMock({ port, args: ["--rate", "0", "--speed", "20", "--www", inRoot("www/dist")] });

/** What the tests look at, by test id. */
export function partsOf(page) {
  const part = (id) => page.getByTestId(id);
  const card = (name) => part(`connection-${name}`);
  return {
    part,
    click: (id) => part(id).click(),
    attempt: (name) => card(name).getByTestId("attempt").textContent(),
    countdown: (name) => card(name).getByTestId("countdown").textContent(),
    cause: (name) => card(name).getByTestId("cause").textContent(),
    eventCount: async () => Number(await part("event-count").textContent()),
    /** Resolves when the client's card shows this state. */
    shows: (name, state) => part(`status-${name}`).and(page.getByText(state, exact)).waitFor(),
    topicIs: (topic, state) => page.locator(dataOf(`topic-${topic}`, "state", state)).waitFor(),
    row: (id, key) => page.locator(dataOf(id, "id", key)),
  };
}

const exact = { exact: true };
const dataOf = (id, name, value) => `[data-testid="${id}"][data-${name}="${value}"]`;

/** Resolves when all clients are connected and all topics are subscribed. */
export async function ready(page) {
  const { shows, topicIs } = partsOf(page);
  await Promise.all(["primes", "jobs", "quotes"].map((name) => shows(name, "connected")));
  for (const topic of ["batches", "jobs", "solutions"]) await topicIs(topic, "subscribed");
}

/** Has the server send one event to those who are subscribed to its topic. */
export const trigger = (server, eventType, data) =>
  server.post("/primes/api/subscribe/test", { eventType, data });
