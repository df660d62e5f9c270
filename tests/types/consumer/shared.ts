/** Event maps that a server of socket.io and its clients share. */
export interface Job {
  id: string;
  progress: number;
}

export interface ServerToClient {
  "job:progress": (job: Job) => void;
  moved: (x: number, y: number) => void;
  cleared: () => void;
  "are-you-there": (question: string, answer: (reply: boolean) => void) => void;
}

export interface ClientToServer {
  typing: (room: string, since?: number) => void;
  "job:start": (name: string, done: (job: Job) => void) => void;
  "job:find": (id: string, done: (problem: string | null, job: Job) => void) => void;
  "job:list": (limit: number | undefined, done?: (jobs: Job[]) => void) => void;
  flush: (done: () => void) => void;
}

export interface ServerToAdmin {
  alarm: (text: string) => void;
}

export interface AdminToServer {
  silence: (minutes: number, done: (until: number) => void) => void;
}

/** Whether two types are the same. */
export type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only for `true`. */
export function holds<Fact extends true>(_fact?: Fact): void {}
