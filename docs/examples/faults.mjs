/** Adds a rule, such as `{ on: { event: { name: "job:progress", nth: 3 } }, do: { cut: {} } }`; resolves with its name. */
export async function addFault(server, rule) {
  const body = JSON.stringify(rule);
  const response = await fetch(`${server}/control/rules`, { method: "POST", body });
  const { id, error } = await response.json();
  if (error !== undefined) throw new Error(error);
  return id;
}

/** Resolves when the rule has applied `times` times. */
export async function faultHappened(server, id, times = 1) {
  const response = await fetch(`${server}/control/log?only=hit&wait=${id}&hit=${times}`);
  const { entries, error } = await response.json();
  if (error !== undefined) throw new Error(error);
  return entries;
}

/** Ends all faults of a test. */
export async function endFaults(server) {
  await fetch(`${server}/control/rules`, { method: "DELETE" });
  await fetch(`${server}/control/release`, { method: "POST" });
}
