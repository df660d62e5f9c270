import { SockeyeProvider } from "sockeye-client/react";
import { Closable } from "./closable";
import { Orders } from "./orders";
import { WorkerProvider } from "./workerProvider";

// A server component: it renders the provider, and what is in it, on the server.
export default async function Page({ searchParams }: PageProps<"/">) {
  const { server, worker } = await searchParams;
  if (typeof server !== "string") return null;
  return (
    <Closable>
      {worker === undefined ? (
        <SockeyeProvider url={server}>
          <Orders />
        </SockeyeProvider>
      ) : (
        <WorkerProvider url={server} isShared={worker === "shared"}>
          <Orders />
        </WorkerProvider>
      )}
    </Closable>
  );
}
