"use client";
import type { ReactNode } from "react";
import { SockeyeProvider } from "sockeye-client/react";

export interface WorkerProviderProps {
  url: string;
  /** Whether all tabs have one core. */
  isShared: boolean;
  children: ReactNode;
}

/** A function cannot be given by a server component, so this one is the browser's. */
export function WorkerProvider({ url, isShared, children }: WorkerProviderProps) {
  return (
    <SockeyeProvider url={url} options={{ worker: isShared ? shared : dedicated }}>
      {children}
    </SockeyeProvider>
  );
}

const dedicated = () =>
  new Worker(new URL("./socket.worker.ts", import.meta.url), { type: "module" });

const shared = () =>
  new SharedWorker(new URL("./socket.worker.ts", import.meta.url), { type: "module" });
