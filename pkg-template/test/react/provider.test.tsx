// @vitest-environment jsdom
import { render } from "@testing-library/react";
import { act, StrictMode, useState } from "react";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Core from "../../src/core.js";
import { SockeyeProvider, useSockeye, useStatus } from "../../src/react.js";
import { fetchModules } from "../../src/shell/fetchModules.js";
import { FakeCore } from "../support/fakeCore.js";
import { connected, turn } from "../support/setUp.js";
import "./rendering.js";

const cores: FakeCore[] = [];
vi.mock("../../src/core.js", () => ({
  createCore: ((options, events) => {
    const core = new FakeCore(options, events);
    cores.push(core);
    return Promise.resolve(core);
  }) satisfies typeof Core.createCore,
}));
beforeAll(() => fetchModules({})); // the first time takes long
beforeEach(() => void (cores.length = 0));

/** Lets the core be loaded, and what was left be destroyed. */
const settle = () =>
  act(async () => {
    await turn();
    await new Promise((resolve) => setTimeout(resolve));
    await turn();
  });

const connects = () => cores.flatMap((core) => core.callsOf("connect")).length;
const Shown = () => <p>{useStatus(({ state }) => state)}</p>;
const url = "https://example.com";
const owning = (options?: object) => (
  <StrictMode>
    <SockeyeProvider url={url} {...(options && { options })}>
      <Shown />
    </SockeyeProvider>
  </StrictMode>
);

describe("a provider with a url", () => {
  test("connects once in strict mode, and leaves nothing", async () => {
    const { container, unmount } = render(owning());
    await act(() => vi.waitFor(() => expect(cores.length).toBe(1)));
    await settle();
    expect(cores.length).toBe(1);
    expect(connects()).toBe(1);
    act(() => cores[0]?.says("connected"));
    expect(container.textContent).toBe("connected");
    unmount();
    await settle();
    expect(cores[0]?.callsOf("destroy").length).toBe(1);
  });

  test("connects when it is told to where it must not by itself", async () => {
    render(owning({ autoConnect: false }));
    await settle();
    expect(connects()).toBe(0);
  });

  test("has another client when it comes back", async () => {
    const clients = new Set();
    const Client = () => {
      clients.add(useSockeye());
      return null;
    };
    let show: (isShown: boolean) => void = () => {};
    const Page = () => {
      const [isShown, setShown] = useState(true);
      show = setShown;
      return isShown ? (
        <SockeyeProvider url={url}>
          <Client />
        </SockeyeProvider>
      ) : null;
    };
    render(<Page />);
    await settle();
    act(() => show(false));
    await settle();
    act(() => show(true));
    await settle();
    expect(clients.size).toBe(2);
    expect(cores.map((core) => core.callsOf("destroy").length)).toEqual([1, 0]);
  });
});

describe("a provider with a client", () => {
  test("leaves it as it is", async () => {
    const { client, core } = await connected();
    const { container, unmount } = render(
      <SockeyeProvider client={client}>
        <Shown />
      </SockeyeProvider>,
    );
    expect(container.textContent).toBe("connected");
    unmount();
    await settle();
    expect(core.calls).toEqual([]);
    expect(client.status.value.state).toBe("connected");
  });
});
