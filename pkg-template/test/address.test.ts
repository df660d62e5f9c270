import { describe, expect, test, vi } from "vitest";
import type { AddressRequest } from "../src/address.js";
import { connecting, idle, recorder, sockeyeError, turn } from "./support/setUp.js";

describe("an address that is a function", () => {
  test("is asked before each attempt, and not before", async () => {
    let shard = 0;
    const url = vi.fn((_request: AddressRequest) => `https://shard${++shard}.example.com/ignored`);
    const { client, core } = await connecting({ query: { a: 1 }, path: "/ws" }, url);
    expect(client.name).toBe("/");
    expect(core.options).toMatchObject({ addressOnDemand: true, webSocketUrl: "", pollingUrl: "" });
    expect(url).not.toHaveBeenCalled();
    core.events.addressNeeded(3, 1);
    await turn();
    core.events.addressNeeded(4, 2);
    await turn();
    expect(url.mock.calls.map(([{ attempt }]) => attempt)).toEqual([1, 2]);
    const rest = "/ws/?a=1&EIO=4&transport=";
    expect(core.callsOf("useAddress")).toEqual(
      [1, 2].map((shard) => [
        shard + 2,
        `wss://shard${shard}.example.com${rest}websocket`,
        `https://shard${shard}.example.com${rest}polling`,
      ]),
    );
  });

  test("may give a URL, or a promise", async () => {
    const { core } = await connecting({}, () => Promise.resolve(new URL("http://a.example")));
    core.events.addressNeeded(1, 1);
    await turn();
    expect(core.callsOf("useAddress")[0]?.[1]).toContain("ws://a.example/socket.io/");
  });

  const cause = new Error("no shard");
  test.each<[string, () => string, unknown]>([
    [
      "throws",
      () => {
        throw cause;
      },
      cause,
    ],
    ["gives no address", () => "nonsense", sockeyeError("invalid_url")],
    ["gives a path where there is no page", () => "/path", sockeyeError("invalid_url")],
  ])("that %s fails the attempt, with the cause", async (_name, url, expected) => {
    const { client, core, promise } = await connecting({}, url);
    const errors = recorder();
    client.errors.subscribe(errors);
    core.events.addressNeeded(1, 1);
    await turn();
    expect(core.callsOf("failAddress")).toEqual([[1]]);
    core.fails("address_failed");
    await expect(promise).rejects.toMatchObject({ code: "address_failed", cause: expected });
    expect(errors.values).toEqual([sockeyeError("address_failed", { cause: expected })]);
  });

  test("is told when its answer is too late, and that counts no more", async () => {
    const requests: AddressRequest[] = [];
    const answers: ((url: string) => void)[] = [];
    const url = (request: AddressRequest) => {
      requests.push(request);
      return new Promise<string>((resolve) => void answers.push(resolve));
    };
    const { client, core } = await connecting({}, url);
    const errors = recorder();
    client.errors.subscribe(errors);
    core.events.addressNeeded(1, 1);
    core.fails("address_failed");
    core.events.addressNeeded(2, 2);
    core.events.addressNeeded(3, 3);
    client.disconnect();
    for (const answer of answers) answer("https://example.com");
    await turn();
    expect(requests.map(({ signal }) => signal.aborted)).toEqual([true, true, true]);
    expect(core.callsOf("useAddress")).toEqual([]);
    expect(errors.values).toMatchObject([{ cause: { message: "it took too long" } }]);
  });

  test("is given up by destroy()", async () => {
    let signal: AbortSignal | undefined;
    const { client, core } = await connecting({}, (request) => {
      ({ signal } = request);
      return new Promise<string>(() => {});
    });
    core.events.addressNeeded(1, 1);
    await client.destroy();
    expect(signal?.aborted).toBe(true);
  });
});

describe("the option `namespace`", () => {
  test("names the namespace in place of the address' path", () => {
    expect(idle({ namespace: "/jobs" }, () => "https://example.com/x").client.name).toBe("/jobs");
    expect(idle({ namespace: "jobs" }, "https://example.com/x").client.name).toBe("/jobs");
    expect(idle({}, "https://example.com/x").client.name).toBe("/x");
  });

  test("refuses what no namespace can be called", () => {
    expect(() => idle({ namespace: "/a,b" })).toThrow(sockeyeError("invalid_option"));
  });
});
