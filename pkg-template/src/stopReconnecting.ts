/** What an application's auth throws when there is no point in trying again. */

/**
 * Thrown by the option `auth`, it ends all attempts: the client is `disconnected` with the code
 * `auth_stopped` until `connect()` is called.
 *
 * @example
 * const client = createClient(url, {
 *   auth: async ({ signal }) => {
 *     const response = await fetch("/token", { signal });
 *     if (response.status === 403) throw new StopReconnecting("the account is closed");
 *     return { token: await response.text() };
 *   },
 * });
 */
export class StopReconnecting extends Error {
  override readonly name = "StopReconnecting";
}
