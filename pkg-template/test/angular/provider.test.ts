// @vitest-environment jsdom
import "@angular/compiler";
import {
  Component,
  createEnvironmentInjector,
  EnvironmentInjector,
  InjectionToken,
  inject,
  PLATFORM_ID,
} from "@angular/core";
import { TestBed } from "@angular/core/testing";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Client } from "../../src/client.js";
import type * as Core from "../../src/core.js";
import { injectSockeye, provideSockeye } from "../../src/angular.js";
import { FakeCore } from "../support/fakeCore.js";
import { connected, turn } from "../support/setUp.js";
import "./testBed.js";

const cores: FakeCore[] = [];
vi.mock("../../src/core.js", () => ({
  createCore: ((options, events) => {
    const core = new FakeCore(options, events);
    cores.push(core);
    return Promise.resolve(core);
  }) satisfies typeof Core.createCore,
}));
beforeEach(() => void (cores.length = 0));

const url = "https://example.com";

/** An injector of its own, as routes have. */
function route(...providers: Parameters<typeof createEnvironmentInjector>[0]) {
  const injected = new InjectionToken<Client>("what a component gets");
  const component = { provide: injected, useFactory: injectSockeye };
  const parent = TestBed.inject(EnvironmentInjector);
  const injector = createEnvironmentInjector([...providers, component], parent);
  return { injector, client: () => injector.get(injected) };
}

describe("provideSockeye", () => {
  test("makes a client when it is first injected, and destroys it with its injector", async () => {
    const token = new InjectionToken<string>("token");
    const source = vi.fn(() => ({ url, auth: { token: inject(token) }, autoConnect: true }));
    const session = route({ provide: token, useValue: "secret" }, provideSockeye(source));
    await turn();
    expect(source).not.toHaveBeenCalled();
    const client = session.client();
    expect(session.client()).toBe(client);
    await vi.waitFor(() =>
      expect(cores.map((core) => core.callsOf("connect").length)).toEqual([1]),
    );
    session.injector.destroy();
    await turn();
    expect(cores[0]?.callsOf("destroy").length).toBe(1);
    expect(client.status.value.state).toBe("closed");
  });

  test("of a component is a client that is destroyed with it", async () => {
    class Below {
      readonly client = injectSockeye();
    }
    Component({ selector: "app-below", template: "" })(Below);
    class Above {
      readonly client = injectSockeye();
    }
    const providers = [provideSockeye({ url })];
    Component({ imports: [Below], providers, template: "<app-below />" })(Above);
    const fixture = TestBed.createComponent(Above);
    await fixture.whenStable();
    const { client } = fixture.componentInstance;
    const [below] = fixture.debugElement.children;
    expect((below?.componentInstance as Below).client).toBe(client);
    expect(client.status.value.state).toBe("connecting");
    fixture.destroy();
    await turn();
    expect(client.status.value.state).toBe("closed");
  });

  test("leaves a client as it is that is given", async () => {
    const { client } = await connected();
    const { client: injected, injector } = route(provideSockeye({ client }));
    expect(injected()).toBe(client);
    injector.destroy();
    await turn();
    expect(client.status.value.state).toBe("connected");
  });

  test("does not connect on a server", async () => {
    const platform = { provide: PLATFORM_ID, useValue: "server" };
    const { client } = route(platform, provideSockeye({ url, autoConnect: true }));
    expect(client().status.value.state).toBe("idle");
    await turn();
    expect(cores).toEqual([]);
  });
});
