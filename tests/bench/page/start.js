/** What a page does first: it imports a client, connects, and waits for an event. */

/** Resolves with the milliseconds from the import to the connection and to the first event. */
globalThis.measure = async (name) => {
  performance.mark("bench:start");
  const start = performance.now();
  const { connect } = await import(`/${name}.js`);
  let connected;
  await new Promise((handleEvent) => {
    connect({ handleConnected: () => (connected = performance.now() - start), handleEvent });
  });
  const first = performance.now() - start;
  performance.mark("bench:end");
  return { connected, first };
};
