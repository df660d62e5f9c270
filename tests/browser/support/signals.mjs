/** Being stopped is an exit, so that what was started is ended by exit handlers. */
const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
const exit = () => process.exit(1);

/** Makes each signal an exit; the returned function takes that back. */
export function exitOnSignals() {
  for (const signal of signals) process.on(signal, exit);
  return () => {
    for (const signal of signals) process.off(signal, exit);
  };
}
