import { SockeyeProvider } from "sockeye-client/react";
import { Closable } from "./closable";
import { Orders } from "./orders";

// A server component: it renders the provider, and what is in it, on the server.
export default async function Page({ searchParams }: PageProps<"/">) {
  const { server } = await searchParams;
  if (typeof server !== "string") return null;
  return (
    <Closable>
      <SockeyeProvider url={server}>
        <Orders />
      </SockeyeProvider>
    </Closable>
  );
}
