// @vitest-environment jsdom
import { render } from "@testing-library/react";
import { act } from "react";
import { renderToString } from "react-dom/server";
import { expect, test, vi } from "vitest";
import {
  SockeyeProvider,
  useAction,
  useEvents,
  useLatest,
  useOutbox,
  useStatus,
  useTopic,
} from "../../src/react.js";
import type { Client } from "../../src/client.js";
import { connected, idle, turn } from "../support/setUp.js";
import "./rendering.js";

const Everything = () => {
  const { state } = useStatus();
  const { state: topic } = useTopic({ join: ["join", 1] as [string, number] });
  const shown: unknown[] = [
    useLatest("a") as unknown,
    useEvents("a"),
    useOutbox(),
    useAction("b").status,
  ];
  return <p>{JSON.stringify([state, topic, ...shown])}</p>;
};
const page = (client: Client) => (
  <SockeyeProvider client={client}>
    <Everything />
  </SockeyeProvider>
);

test("what a server renders is inert, and hydrates without a warning although the client is connected", async () => {
  const { client, loader } = idle();
  const html = renderToString(page(client));
  expect(html).toContain("[&quot;idle&quot;,&quot;idle&quot;,null,[],[],null]");
  await turn();
  expect(loader.count).toBe(0);

  const warned = vi.spyOn(console, "error");
  const recovered = vi.fn();
  const container = document.createElement("div");
  container.innerHTML = html;
  document.body.append(container);
  const { client: live } = await connected();
  render(page(live), { container, hydrate: true, onRecoverableError: recovered });
  await act(turn);
  expect(container.textContent).toContain('"connected"');
  expect(warned).not.toHaveBeenCalled();
  expect(recovered).not.toHaveBeenCalled();
});

test("a provider with a url is inert on a server", () => {
  const html = renderToString(
    <SockeyeProvider url="https://example.com">
      <Everything />
    </SockeyeProvider>,
  );
  expect(html).toContain("idle");
});
