/** Components in a page of jsdom, on a client with a fake core. */
import { cleanup, render } from "@testing-library/react";
import { act, type ReactNode, StrictMode } from "react";
import { afterEach } from "vitest";
import type { Client } from "../../src/client.js";
import { SockeyeProvider } from "../../src/react.js";
import { connected } from "../support/setUp.js";

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
afterEach(cleanup);

/** What renders `children` in strict mode below a provider of `client`. */
export const below = (client: Client, children: ReactNode) => (
  <StrictMode>
    <SockeyeProvider client={client}>{children}</SockeyeProvider>
  </StrictMode>
);

/** Renders a component that uses a hook; `seen` are the values of its renderings, the last of each pair. */
export async function rendered<Value>(use: () => Value) {
  const setting = await connected({ randomId: () => "id" });
  const seen: Value[] = [];
  const Probe = () => {
    seen.push(use());
    return null;
  };
  const page = render(below(setting.client, <Probe />));
  const again = () => page.rerender(below(setting.client, <Probe />));
  return { ...setting, ...page, seen, again, last: () => seen.at(-1) as Value };
}

/** Lets the next frame be painted. */
export const nextFrame = () =>
  act(async () => {
    await new Promise<void>((resolve) => requestAnimationFrame(() => resolve()));
  });
