/** The hooks with the same event maps. */
import { createSockeyeContext } from "sockeye-client/react";
import { holds } from "./shared.js";
import type { ClientToServer, Job, Same, ServerToClient } from "./shared.js";

const jobs = createSockeyeContext<ServerToClient, ClientToServer>();

export function Jobs() {
  const latest = jobs.useLatest("job:progress");
  holds<Same<typeof latest, Job | undefined>>();
  const start = jobs.useAction("job:start");
  const isOnline = jobs.useStatus(({ state }) => state === "connected");
  holds<Same<typeof isOnline, boolean>>();
  jobs.useEvent("moved", ([x, y]) => holds<Same<[typeof x, typeof y], [number, number]>>());
  // @ts-expect-error -- an event of the other direction
  jobs.useLatest("typing");
  return (
    <button disabled={start.isPending} onClick={() => start.run("salmon")}>
      {latest?.progress}
    </button>
  );
}

export const App = () => (
  <jobs.SockeyeProvider url="https://example.com/jobs">
    <Jobs />
  </jobs.SockeyeProvider>
);
