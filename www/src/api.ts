/** The HTTP half of the mock server. */
import type { JobsEvents, Received } from "./events";

/** Starts a job of the primes server. */
export const startPrimeJob = () => post<{ jobId: string }>("/primes/api/job/next");

/** Starts a job of the jobs server. */
export const startJob = (plan: { steps: number; fail: boolean }) =>
  post<{ jobId: string }>("/jobs/api/jobs", plan);

/** One update of a job, as its event was. */
export type Update = {
  [Event in Received<JobsEvents>["name"]]: {
    event: Event;
    payload: Extract<Received<JobsEvents>, { name: Event }>["payload"];
  };
}[Received<JobsEvents>["name"]];

/** Returns what the server knows about a job, oldest first. */
export async function fetchHistory(jobId: string, signal?: AbortSignal): Promise<Update[]> {
  const url = `/jobs/api/jobs/${encodeURIComponent(jobId)}/history?limit=100`;
  const { updates } = await fetchJson<{ updates: Update[] }>(url, signal ? { signal } : {});
  return updates;
}

/** Has the server drop a client's connection without a word, as a dead network would. */
export const cut = (clientId: string) => post<{ cut: number }>("/control/cut", { clientId });

/** Returns how many connections the server has to the clients of a contract, of all tabs. */
export async function countConnections(contract: string, signal: AbortSignal): Promise<number> {
  type Listing = { connections: { contract: string }[] };
  const { connections } = await fetchJson<Listing>("/control/connections", { signal });
  return connections.filter((connection) => connection.contract === contract).length;
}

interface Rates {
  rates: { contract: string; perSecond: number }[];
}

/** Returns how many quotes a second the server sends to each of its clients; `undefined` if it sends none at all. */
export const fetchRate = async (signal: AbortSignal) =>
  rateIn(await fetchJson<Rates>("/control/rate", { signal }));

/** Changes that, and returns it. */
export const setRate = async (perSecond: number) =>
  rateIn(await post<Rates>("/control/rate", { perSecond }));

const rateIn = ({ rates }: Rates) => rates.find(({ contract }) => contract === "craft")?.perSecond;

function post<Answer>(url: string, body: object = {}): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  return fetchJson(url, { method: "POST", headers, body: JSON.stringify(body) });
}

/** An answer that is not a success. */
export class HttpError extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

const unreachable = "The server cannot be reached. Is it running?";

async function fetchJson<Answer>(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init).catch((error: unknown) => {
    if (init.signal?.aborted) throw error;
    throw new Error(unreachable, { cause: error });
  });
  const answer = (await response.json().catch(() => ({}))) as Answer & { error?: string };
  if (response.ok) return answer;
  const { status } = response;
  const isGateway = status >= 502 && status <= 504;
  const text = isGateway ? unreachable : `The server answered ${status}.`;
  throw new HttpError(answer.error ?? text, status);
}
