/** Where on a server its transports are. */

/** What belongs to an address on the way to the server. */
export interface EndpointOptions {
  path?: string | undefined;
  query?: Record<string, string | number | boolean> | undefined;
}

/** The addresses for the transports. */
export interface Endpoints {
  webSocketUrl: string;
  pollingUrl: string;
}

/** Makes the addresses for the transports. */
export function toEndpoints(address: URL, options: EndpointOptions): Endpoints {
  return {
    webSocketUrl: endpoint(address, options, "websocket"),
    pollingUrl: endpoint(address, options, "polling"),
  };
}

function endpoint(address: URL, options: EndpointOptions, transport: "websocket" | "polling") {
  const secure = /^(https|wss):$/.test(address.protocol);
  const scheme = transport === "websocket" ? "ws" : "http";
  const path = (options.path ?? "/socket.io").replace(/^\/*/, "/").replace(/\/*$/, "/");
  const endpoint = new URL(`${scheme}${secure ? "s" : ""}://${address.host}${path}`);
  endpoint.search = address.search;
  const query = { ...options.query, EIO: 4, transport };
  for (const [key, value] of Object.entries(query)) endpoint.searchParams.set(key, String(value));
  return endpoint.href;
}
