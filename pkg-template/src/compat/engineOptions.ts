/** The options of a connection, by the names that `engine.io-client` gives them. */
import type { TransportCtor } from "./transports.js";
import type { Any } from "./types.js";

/** A transport's name; others than `polling` and `websocket` are passed over. */
export type TransportName = "polling" | "websocket" | "webtransport" | (string & {});

/** The options of an engine. Those that only Node.js can honour are accepted and have no effect. */
export interface EngineOptions {
  /** The server's host. Taken from the URI if there is one. */
  host?: string;
  /** The server's host name. Taken from the URI if there is one. */
  hostname?: string;
  /** Whether the connection is encrypted. Taken from the URI if there is one. */
  secure?: boolean;
  /** The server's port. Taken from the URI if there is one. */
  port?: string | number;
  /** Parameters for the address of every request. */
  query?: Record<string, Any>;
  /** The path of the requests. `"/engine.io"` if not given. */
  path?: string;
  /** Whether a slash is added to the path. `true` if not given. */
  addTrailingSlash?: boolean;
  /** The transports to try, in order. `["polling", "websocket"]` if not given. */
  transports?: TransportName[] | TransportCtor[];
  /** The same, as classes. */
  transportImplementations?: TransportCtor[];
  /** Whether the next transport is tried when one cannot be opened. `false` if not given. */
  tryAllTransports?: boolean;
  /** Whether polling is left for a WebSocket when there can be one. `true` if not given. */
  upgrade?: boolean;
  /** Whether to start with a WebSocket when the last connection had one. `false` if not given. */
  rememberUpgrade?: boolean;
  /** Whether binary is sent as text. `false` if not given. */
  forceBase64?: boolean;
  /** The parameter for the time stamp. `"t"` if not given. */
  timestampParam?: string;
  /** Whether addresses have a time stamp. If not given, those of polling do. */
  timestampRequests?: boolean;
  /** How long a request of polling may take, in milliseconds. 0 is any time. */
  requestTimeout?: number;
  /** Headers for the requests of polling. */
  extraHeaders?: Record<string, string>;
  /** Whether cookies and the like go to servers of other origins. `false` if not given. */
  withCredentials?: boolean;
  /** The subprotocols of the WebSocket. */
  protocols?: string | string[];
  /** Options for single transports, by their names. They override the others. */
  transportOptions?: object;
  /** Whether the connection is closed silently when the page is about to go. `false` if not given. */
  closeOnBeforeunload?: boolean;
  /** Whether timer functions are those from before anybody replaced them. `false` if not given. */
  useNativeTimers?: boolean;
  /** Without effect. */
  autoUnref?: boolean;
  /** Without effect. */
  agent?: string | boolean;
  /** Without effect. */
  pfx?: string;
  /** Without effect. */
  key?: string;
  /** Without effect. */
  passphrase?: string;
  /** Without effect. */
  cert?: string;
  /** Without effect. */
  ca?: string | string[];
  /** Without effect. */
  ciphers?: string;
  /** Without effect. */
  rejectUnauthorized?: boolean;
  /** Without effect. */
  perMessageDeflate?: { threshold: number };
}
