import { useLatest, useStatus } from "sockeye-client/react";

export function News() {
  const state = useStatus(({ state }) => state);
  const news = useLatest("news");
  return (
    <main>
      <p>{state}</p>
      <p>{news ?? "no news"}</p>
    </main>
  );
}
