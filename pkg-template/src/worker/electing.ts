/** Reaches the core that one tab has for all. */
import { Candidate } from "./candidate.js";
import { checkReady, connect, late, nameTab, say, uncloneable } from "./connecting.js";
import { whenReleased } from "./heldLock.js";
import { type Lead, leading } from "./leadership.js";
import { LeadingPage } from "./leadingPage.js";
import type { Hello, Told } from "./messages.js";
import type { Link } from "./link.js";

/** Whether pages can know of each other: those without TLS have no locks. */
export const canElect = ({ navigator }: { navigator?: Partial<Navigator> } = globalThis) =>
  navigator?.locks !== undefined && typeof BroadcastChannel === "function";

/** Resolves when the worker of the leading page has a core for this client, or that of this page, which leads then. */
export async function connectToLeader(
  makeWorker: () => Worker | SharedWorker,
  hello: Hello,
  signal: AbortSignal,
): Promise<Link> {
  const candidate = new Candidate(hello);
  try {
    const told = await standFor(candidate, signal);
    if (!told) return await lead(candidate, makeWorker, hello, signal);
    checkReady(told, false);
    return follow(candidate, hello);
  } catch (error) {
    candidate.withdraw();
    throw error;
  }
}

function standFor(candidate: Candidate, signal: AbortSignal): Promise<Told | undefined> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(late()));
    candidate.stand().then(resolve, (error: unknown) => reject(uncloneable(error)));
  });
}

/** With a shared worker nobody has to lead. */
async function lead(
  candidate: Candidate,
  makeWorker: () => Worker | SharedWorker,
  hello: Hello,
  signal: AbortSignal,
): Promise<Link> {
  const worker = makeWorker();
  if ("port" in worker) {
    candidate.withdraw();
    return connect(worker, hello, signal);
  }
  const link = await connect(worker, { ...hello, leads: true }, signal);
  candidate.silence();
  const tell = (leads: boolean) => say(worker, { type: leading, leads } satisfies Lead);
  const release = () => {
    candidate.withdraw();
    link.release();
  };
  return { ...link, release, leader: new LeadingPage(candidate, tell) };
}

const follow = (candidate: Candidate, hello: Hello): Link => ({
  port: candidate.channel,
  tab: nameTab(),
  watch: (handleDead) => whenReleased(hello.lock, handleDead),
  release: () => candidate.end(),
  leader: candidate,
});
