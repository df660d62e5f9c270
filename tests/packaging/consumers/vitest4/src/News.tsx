import { useLatest, useStatus } from "sockeye-client/react";

export function News() {
  const state = useStatus(({ state }) => state);
  const news: string | undefined = useLatest("news");
  return (
    <main>
      <p>{state}</p>
      <p>{news ?? "no news"}</p>
    </main>
  );
}
