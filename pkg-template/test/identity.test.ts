import { afterEach, describe, expect, test, vi } from "vitest";
import { connected, connecting, idle, recorder, sockeyeError } from "./support/setUp.js";

describe("the identity", () => {
  test("is nobody unless somebody is named", () => {
    expect(idle().client.identity).toBeUndefined();
    expect(idle({ identity: "alice" }).client.identity).toBe("alice");
  });

  test("is told to the core before anything else", async () => {
    const { core } = await connecting({ identity: "alice" });
    expect(core.calls[0]).toEqual(["setIdentity", "alice"]);
  });

  test("is not told where there is none", async () => {
    const { core } = await connecting();
    expect(core.callsOf("setIdentity")).toEqual([]);
  });

  test.each(["", 0, {}])("cannot be %j", (identity) => {
    const bad = identity as unknown as string;
    expect(() => idle({ identity: bad })).toThrow(sockeyeError("invalid_option"));
    const { client } = idle({ identity: "alice" });
    expect(() => client.setIdentity(bad)).toThrow(sockeyeError("invalid_option"));
    expect(client.identity).toBe("alice");
  });
});

describe("setIdentity()", () => {
  test("tells the core, once for each user", async () => {
    const { client, core } = await connected();
    client.setIdentity("alice");
    client.setIdentity("alice");
    client.setIdentity("bob");
    client.setIdentity(undefined);
    client.setIdentity(undefined);
    expect(core.callsOf("setIdentity")).toEqual([["alice"], ["bob"], [""]]);
    expect(client.identity).toBeUndefined();
  });

  test("drops what waits for the core to be loaded", async () => {
    const { client, loader } = idle({ identity: "alice" });
    client.emit("of alice");
    const request = client.request("of alice");
    client.setIdentity("bob");
    await expect(request).rejects.toEqual(sockeyeError("identity_changed"));
    client.emit("of bob");
    const core = await loader.succeed();
    expect(core.calls[0]).toEqual(["setIdentity", "bob"]);
    expect(core.callsOf("emit").map(([, body]) => body)).toEqual(['["of bob"]']);
    expect(core.callsOf("request")).toEqual([]);
  });

  test("rejects the requests that the core has dropped", async () => {
    const { client, core } = await connecting();
    const request = client.request("of alice");
    client.setIdentity("bob");
    core.rejects(0, "identity_changed");
    await expect(request).rejects.toEqual(sockeyeError("identity_changed"));
  });

  test("leaves those disconnected who are", async () => {
    const { client, core } = await connected();
    client.disconnect();
    core.says("disconnected", { cause: "client_disconnect" });
    client.setIdentity("bob");
    expect(core.callsOf("connect")).toEqual([]);
    expect(client.status.value.state).toBe("disconnected");
  });

  test("throws after destroy()", async () => {
    const { client } = await connected();
    await client.destroy();
    expect(() => client.setIdentity("bob")).toThrow(sockeyeError("client_destroyed"));
    expect(() => client.logout({ queue: "keep" })).toThrow(sockeyeError("client_destroyed"));
  });
});

describe("logout()", () => {
  afterEach(() => void vi.unstubAllGlobals());

  test("leaves all namespaces before it forgets the user", async () => {
    const { client, core } = await connected({ identity: "alice" });
    void client.namespace("/admin").connect();
    client.namespace("/idle");
    core.calls.length = 0;
    client.logout({ queue: "keep" });
    expect(core.calls).toEqual([
      ["disconnect", 0],
      ["disconnect", 1],
      ["setIdentity", ""],
    ]);
    expect(client.identity).toBeUndefined();
  });

  test("discards the queue of the user, not that of nobody", async () => {
    const { client, core } = await connected({ identity: "alice" });
    client.logout({ queue: "discard" });
    expect(core.calls).toEqual([["disconnect", 0], ["discardQueue"], ["setIdentity", ""]]);
  });

  test("drops what was kept also if nobody was named", async () => {
    const { client, core } = await connected();
    client.logout({ queue: "keep" });
    expect(core.callsOf("setIdentity")).toEqual([[""]]);
  });

  test("stays disconnected until connect(), also before the core is there", async () => {
    const { client, loader } = idle({ identity: "alice" });
    void client.connect();
    const request = client.request("of alice");
    client.logout({ queue: "keep" });
    await expect(request).rejects.toEqual(sockeyeError("identity_changed"));
    expect(client.status.value).toMatchObject({
      state: "disconnected",
      cause: { code: "client_disconnect" },
    });
    const core = await loader.succeed();
    expect(core.callsOf("connect")).toEqual([]);
    void client.connect();
    expect(core.callsOf("connect")).toEqual([[0]]);
  });

  test("wins over autoConnect", async () => {
    const { client, loader } = idle({ autoConnect: true });
    client.logout({ queue: "keep" });
    await Promise.resolve();
    expect(loader.count).toBe(0);
    expect(client.status.value).toEqual({ state: "idle" });
  });

  test("may be called by a listener, which may connect again", async () => {
    const { client, core } = await connected({ identity: "alice" });
    core.onCall = ([name]) => {
      if (name === "disconnect") core.says("disconnected", { cause: "client_disconnect" });
    };
    const states = recorder<{ state: string }>();
    client.status.subscribe(states);
    client.status.subscribe(({ state }) => {
      if (state === "disconnected") void client.connect();
    });
    client.logout({ queue: "keep" });
    expect(core.calls.map(([name]) => name)).toEqual(["disconnect", "connect", "setIdentity"]);
    expect(client.identity).toBeUndefined();
  });

  test.each([undefined, "drop"])("refuses %j for the queue, and does nothing", async (queue) => {
    const { client, core } = await connected({ identity: "alice" });
    const bad = queue as unknown as "keep";
    expect(() => client.logout({ queue: bad })).toThrow(sockeyeError("invalid_option"));
    expect(core.calls).toEqual([]);
    expect(client.identity).toBe("alice");
  });
});
