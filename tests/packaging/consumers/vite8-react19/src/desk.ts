import { createSockeyeContext } from "sockeye-client/react";

interface ServerEvents {
  news: (text: string) => void;
  tick: (number: number) => void;
}

interface ClientEvents {
  double: (number: number, answer: (doubled: number) => void) => void;
  order: (item: string, answer: (confirmation: string) => void) => void;
  burst: (count: number) => void;
}

export const { SockeyeProvider, useAction, useEvent, useEvents, useLatest, useSockeye, useStatus } =
  createSockeyeContext<ServerEvents, ClientEvents>();
