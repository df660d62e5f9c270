/** What every entry exports beside `createClient`. */
export type { Client, NamespaceClient } from "./client.js";
export { isSockeyeError, SockeyeError, type SockeyeErrorCode } from "./errors.js";
export type {
  AckValue,
  DefaultEvents,
  EventArguments,
  EventName,
  EventValue,
  RequestName,
} from "./events.js";
export type {
  Observable,
  Observer,
  StateObservable,
  SubscribeOptions,
  Subscription,
} from "./observable.js";
export type { Auth, ClientOptions, ReconnectOptions } from "./options.js";
export type { Sender, SendOptions } from "./sender.js";
export type { ClientStatus, DisconnectReason } from "./status.js";
