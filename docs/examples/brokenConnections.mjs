/**
 * What a page's test says to `sockeye-mock`, as an example: `server` is the address that the mock server
 * printed when it was ready.
 */

/** Breaks the connections of all pages, as a failing network does; resolves with how many there were. */
export async function breakConnections(server) {
  const response = await fetch(`${server}/control/cut`, { method: "POST" });
  const { cut } = await response.json();
  return cut;
}

/** Resolves with the clients that are connected: their `contract`, `clientId` and `transport`. */
export async function connectedClients(server) {
  const response = await fetch(`${server}/control/connections`);
  const { connections } = await response.json();
  return connections;
}
