/**
 * The area about servers: what the mock server holds next to a generator of load on the same machine, and
 * what socket.io on Node does with the same work.
 */
import { buildPrograms, withServer } from "../load/contestant.mjs";

/**
 * How many clients get each event; how many deliveries a second are asked for, first what both hold, then
 * the goal; and how many events are under way when everything is sent that can be.
 */
const works = {
  full: { rounds: 3, seconds: 4, clients: 2_000, usual: 50_000, goal: 150_000, ahead: 8 },
  quick: { rounds: 1, seconds: 0.1, clients: 20, usual: 1_000, goal: 2_000, ahead: 8 },
};

const cases = [
  {
    ...{ case: "delivered a second, at most", unit: "events", more: true },
    read: ({ most }) => most.delivered / most.seconds,
  },
  {
    ...{ case: "delivered a second, 150,000 asked for", unit: "events", more: true },
    goal: { least: 145_000 }, // the last of them are on their way when the time is over
    read: ({ goal }) => goal.delivered / goal.seconds,
  },
  {
    ...{ case: "until delivered at 50,000 a second, median", unit: "ms" },
    read: ({ usual }) => usual.p50Ms,
  },
  {
    ...{ case: "until delivered at 50,000 a second, p99", unit: "ms" },
    read: ({ usual }) => usual.p99Ms,
  },
  {
    ...{ case: "processor time for a delivery", unit: "µs" },
    read: ({ most }) => (most.cpuSeconds * 1e6) / most.delivered,
  },
  {
    ...{ case: "memory per client, connected", unit: "kB" },
    read: ({ before, connected }) => perClient(before, connected, connected),
  },
  {
    ...{ case: "memory per client, at most, under load", unit: "kB", goal: { most: 60 } },
    read: ({ before, connected, most }) => perClient(before, connected, most),
  },
  {
    ...{ case: "until all are connected", unit: "ms" },
    read: ({ connected }) => connected.seconds * 1_000,
  },
];

export const server = {
  title: "A server with 2,000 clients on WebSockets, each of which gets each event of 200 B",
  notes: ["The generator of the load runs on the same processors. Memory is what is resident."],
  columns: { reference: "socket.io on Node" },
  async measure({ quick }) {
    const { servers, generator } = await buildPrograms(quick);
    const work = works[quick ? "quick" : "full"];
    const rounds = { ours: [], reference: [] };
    for (let round = 0; round < work.rounds; round++) {
      for (const [name, command] of Object.entries(servers)) {
        rounds[name].push(await withServer(command, generator, (tell) => load(tell, work)));
      }
    }
    return cases.map(({ read, ...row }) => ({
      ...row,
      ours: rounds.ours.map(read),
      reference: rounds.reference.map(read),
    }));
  },
};

/** Connects the clients, and has the server send: what is usual, what is the goal, and all that it can. */
async function load(tell, { clients, seconds, ahead, ...deliveries }) {
  const hold = (asked) => tell("hold", Math.round(asked / clients), seconds);
  const connected = await tell("connect", clients);
  const usual = await hold(deliveries.usual);
  const goal = await hold(deliveries.goal);
  const most = await tell("saturate", ahead, seconds);
  for (const { lost, ended } of [usual, goal, most]) {
    if (lost + ended > 0) throw new Error(`${lost} events lost, ${ended} clients gone`);
  }
  return { connected, usual, goal, most };
}

/** In kB; `peakKb` of a later phase is at least that of those before. */
const perClient = (before, { clients }, { peakKb }) => (peakKb - before.residentKb) / clients;
