/**
 * The transports, as classes for the `transports` option.
 *
 * They only stand for a name: the engine brings its own transports, one for HTTP long-polling and one
 * for WebSockets. A getter puts the name into the prototype, where it is read.
 */
/* eslint @typescript-eslint/class-literal-property-style: ["error", "getters"] */

/** A class that stands for a transport: its prototype has the name. Those of `engine.io-client` do, too. */
export type TransportCtor = new (...options: never[]) => object;

abstract class Polling {
  get name(): string {
    return "polling";
  }
}

/** HTTP long-polling. */
export class XHR extends Polling {}

/** HTTP long-polling. */
export class NodeXHR extends Polling {}

/** HTTP long-polling. */
export class Fetch extends Polling {}

/** WebSocket. */
export class WebSocket {
  get name(): string {
    return "websocket";
  }
}

/** WebSocket. */
export class NodeWebSocket extends WebSocket {}

/** WebTransport, which is not supported: the next transport is taken. */
export class WebTransport {
  get name(): string {
    return "webtransport";
  }
}
