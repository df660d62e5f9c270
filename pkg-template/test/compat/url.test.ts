import { describe, expect, test } from "vitest";
import { url } from "../../src/compat/url.js";

const page = { protocol: "https:", host: "woot.com:4005", port: "4005" };

test("without a URL the server is the page's", () => {
  expect(url(undefined, "", page)).toMatchObject({
    source: "https://woot.com:4005",
    protocol: "https",
    host: "woot.com",
    port: "4005",
    path: "/",
  });
  expect(url("", "", page).source).toBe("https://woot.com:4005");
});

test("a path is a namespace on the page's server", () => {
  expect(url("/test", "", page)).toMatchObject({
    host: "woot.com",
    protocol: "https",
    port: "4005",
    path: "/test",
  });
});

test.each(["localhost:3000", "//localhost:3000"])("%s takes the page's scheme", (uri) => {
  expect(url(uri, "", { protocol: "http:", host: "woot.com" })).toMatchObject({
    host: "localhost",
    port: "3000",
    protocol: "http",
  });
});

test.each([
  ["outside of pages", undefined],
  ["in a mobile application", { protocol: "capacitor:", host: "localhost" }],
])("%s the scheme is https", (_where, location) => {
  expect(url("example.com:3000", "", location).source).toBe("https://example.com:3000");
});

test("a default port is filled in, so that URLs of one server have one id", () => {
  expect(url("http://google.com:80/").id).toBe(url("http://google.com/").id);
  expect(url("http://google.com/").id).not.toBe(url("https://google.com/").id);
  expect(url("http://google.com/").id).not.toBe(url("http://google.com/", "/test").id);
  expect(url("wss://google.com").port).toBe("443");
  expect(url("ws://google.com").port).toBe("80");
});

test.each([
  ["/woot", "/woot"],
  ["http://google.com", "/"],
  ["http://google.com/", "/"],
  ["http://google.com?a=b", "/"],
  ["http://google.com/a/b?c=d#e", "/a/b"],
])("the namespace of %s is %s", (uri, namespace) => {
  expect(url(uri, "", page).path).toBe(namespace);
});

test.each(["http://[::1]", "http://[::1]:80/x", "http://::1"])("%s is an IPv6 address", (uri) => {
  expect(url(uri)).toMatchObject({ host: "::1", port: "80", id: "http://[::1]:80" });
});

test("a page can be on an IPv6 address", () => {
  const parsed = url(undefined, "", { protocol: "http:", host: "[::1]", port: "" });
  expect(parsed).toMatchObject({ host: "::1", port: "80", id: "http://[::1]:80" });
});

test("the path of the requests is part of the id, the namespace is not", () => {
  const parsed = url("https://woot.com/some-namespace", "/some-path");
  expect(parsed.id).toBe("https://woot.com:443/some-path");
  expect(parsed.path).toBe("/some-namespace");
});

test("user information is no part of the host", () => {
  expect(url("https://user:secret@woot.com:8080/a")).toMatchObject({
    host: "woot.com",
    port: "8080",
    path: "/a",
    id: "https://woot.com:8080",
  });
});

test("the href has the port unless it is the page's", () => {
  expect(url("https://woot.com:4005/a", "", page).href).toBe("https://woot.com");
  expect(url("https://woot.com/a", "", page).href).toBe("https://woot.com:443");
});

describe("the query", () => {
  test("is taken apart as it is written", () => {
    const parsed = url("http://a.com/n?b=c&d=e=f&&g&=h&i=%20#j=k");
    expect(parsed.query).toBe("b=c&d=e=f&&g&=h&i=%20");
    expect(parsed.queryKey).toEqual({ b: "c", d: "e=f", g: "", i: "%20" });
  });

  test("may have any names", () => {
    const { queryKey } = url("http://a.com?__proto__=x&constructor=y");
    expect(Object.entries(queryKey)).toEqual([
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });
});

test("a URL over 8,000 characters is refused", () => {
  expect(() => url(`http://a.com/${"a".repeat(8_000)}`)).toThrow("URI too long");
});
