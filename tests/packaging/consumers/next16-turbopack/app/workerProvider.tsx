"use client";
import type { ReactNode } from "react";
import { SockeyeProvider } from "sockeye-client/react";

/** A function cannot be given by a server component, so this one is the browser's. */
export function WorkerProvider({ url, children }: { url: string; children: ReactNode }) {
  return (
    <SockeyeProvider url={url} options={{ worker }}>
      {children}
    </SockeyeProvider>
  );
}

const worker = () => new Worker(new URL("./socket.worker.ts", import.meta.url), { type: "module" });
