import { describe, expect, test, vi } from "vitest";
import { connected, connecting, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

describe("namespace()", () => {
  test("gives the same client for the same name", () => {
    const { client } = idle();
    const admin = client.namespace("/admin");
    expect(client.namespace("/admin")).toBe(admin);
    expect(client.namespace("admin")).toBe(admin);
    expect(client.namespace("/Admin")).not.toBe(admin);
  });

  test("adds the slash", () => {
    const { client } = idle();
    expect(client.namespace("admin").name).toBe("/admin");
    expect(client.namespace("a/b").name).toBe("/a/b");
  });

  test("gives the client itself for its own name", () => {
    const { client } = idle({}, "https://example.com/jobs");
    expect(client.namespace("/jobs")).toBe(client);
    expect(client.namespace("/")).not.toBe(client);
    expect(idle().client.namespace("/").name).toBe("/");
  });

  test("refuses a comma, which no packet can carry", () => {
    const { client } = idle();
    expect(() => client.namespace("/a,b")).toThrow(sockeyeError("invalid_option"));
    expect(() => idle({}, "https://example.com/a,b")).toThrow(sockeyeError("invalid_option"));
  });

  test("shares the connection: the core is loaded once and has a socket for each", async () => {
    const { client, loader } = idle();
    const admin = client.namespace("/admin");
    void client.connect();
    void admin.connect();
    const core = await loader.succeed();
    expect(core.calls).toEqual([
      ["socket", "/", false],
      ["socket", "/admin", false],
      ["connect", 0],
      ["connect", 1],
    ]);
  });

  test("can be added when the core is there", async () => {
    const { client, core } = await connected();
    const admin = client.namespace("/admin");
    void admin.connect();
    expect(core.calls).toEqual([
      ["socket", "/admin", false],
      ["connect", 1],
    ]);
  });

  test("connects only when it is told to", async () => {
    const { client, core } = await connected();
    client.namespace("/admin");
    await turn();
    expect(core.callsOf("connect")).toEqual([]);
  });
});

describe("a namespace", () => {
  test("has a status of its own", async () => {
    const { client, core } = await connected();
    const admin = client.namespace("/admin");
    expect(admin.status.value).toEqual({ state: "idle" });
    const promise = admin.connect();
    expect(admin.status.value).toEqual({ state: "connecting", attempt: 1 });
    core.says("connected", { socket: 1 });
    await promise;
    core.says("disconnected", { socket: 1, cause: "server_disconnect" });
    expect(admin.status.value).toMatchObject({ state: "disconnected" });
    expect(client.status.value).toEqual({ state: "connected", recovered: false });
  });

  test("has events of its own", async () => {
    const { client, core } = await connected();
    const [root, admin] = [vi.fn(), vi.fn()];
    client.on("a").subscribe(root);
    client.namespace("/admin").on("a").subscribe(admin);
    core.delivers("a", [1], { socket: 1 });
    expect(root).not.toHaveBeenCalled();
    expect(admin).toHaveBeenCalledExactlyOnceWith(1);
  });

  test("sends under its own number", async () => {
    const { client, core } = await connected();
    const admin = client.namespace("/admin");
    admin.emit("a");
    admin.with({ volatile: true }).emit("b");
    const answer = admin.request("c");
    admin.disconnect();
    core.answers(0, "yes");
    expect(await answer).toBe("yes");
    expect(core.calls.slice(1)).toEqual([
      ["emit", 1, '["a"]', undefined, false],
      ["emit", 1, '["b"]', undefined, true],
      ["request", 1, 0, '["c"]', undefined, 10_000],
    ]);
  });

  test("that is refused leaves the others alone", async () => {
    const { client, core, promise } = await connecting();
    const admin = client.namespace("/admin");
    const refused = admin.connect();
    core.events.refused(1, { message: "no" });
    core.fails("connect_refused", 1);
    core.says("disconnected", { socket: 1, cause: "connect_refused" });
    await expect(refused).rejects.toEqual(
      sockeyeError("connect_refused", { data: { message: "no" } }),
    );
    core.says("connected");
    await expect(promise).resolves.toBeUndefined();
  });

  test("hears nothing of what failed for the root", async () => {
    const { client, core, promise } = await connecting();
    promise.catch(() => {});
    const other = client.namespace("/admin").connect();
    core.fails("connect_refused", 0);
    core.says("disconnected", { cause: "connect_refused" });
    core.says("connected", { socket: 1 });
    await expect(promise).rejects.toEqual(sockeyeError("connect_refused"));
    await expect(other).resolves.toBeUndefined();
  });

  test("hears of a failure of the connection", async () => {
    const { client, core, promise } = await connecting();
    const other = client.namespace("/admin").connect();
    core.fails("server_unreachable");
    await expect(promise).rejects.toEqual(sockeyeError("server_unreachable"));
    await expect(other).rejects.toEqual(sockeyeError("server_unreachable"));
  });

  test("ends with the client", async () => {
    const { client } = await connected();
    const admin = client.namespace("/admin");
    const [statuses, events] = [recorder(), recorder()];
    admin.status.subscribe(statuses);
    admin.on("a").subscribe(events);
    await client.destroy();
    expect(statuses.values.at(-1)).toEqual({ state: "closed" });
    expect(statuses.ends).toEqual(["complete"]);
    expect(events.ends).toEqual(["complete"]);
    expect(() => admin.emit("a")).toThrow(sockeyeError("client_destroyed"));
    await expect(admin.connect()).rejects.toEqual(sockeyeError("client_destroyed"));
  });
});
