import { createSockeyeInjectors } from "sockeye-client/angular";

interface ServerEvents {
  news: (text: string) => void;
  tick: (number: number) => void;
  moved: (boat: string, x: number, y: number) => void;
  "has all come?": (answer: (hasCome: boolean) => void) => void;
}

interface ClientEvents {
  double: (number: number, answer: (doubled: number) => void) => void;
  order: (item: string, answer: (confirmation: string) => void) => void;
  burst: (count: number) => void;
  "lane:join": (lane: string, answer: () => void) => void;
}

export const {
  fromSockeyeEvent,
  injectAction,
  injectLatest,
  injectSockeye,
  injectStatus,
  injectTopic,
  provideSockeye,
} = createSockeyeInjectors<ServerEvents, ClientEvents>();
