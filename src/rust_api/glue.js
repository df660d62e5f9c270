// What the Rust API does in JavaScript: options, arguments, and what servers say of them.

/** Deeper values than these could fill the stack of the wasm when they are read. */
const MAX_DEPTH = 128;

const defaults = {
  ...{ connectTimeoutMs: 20_000, authTimeoutMs: 10_000 },
  ...{ minMs: 100, baseMs: 1_000, capMs: 30_000, slowAfterMs: 600_000, slowCapMs: 300_000 },
  ...{ transports: ["websocket", "polling"], upgrade: true, rememberUpgrade: false },
  ...{ withCredentials: false, requestTimeoutMs: 0, forceBase64: false },
  ...{ timestampParam: "t", webSocketTimestampParam: "", binaryType: "arraybuffer" },
};

/** Makes the options of the core and its transports. Throws what is no address. */
export function makeOptions(url, given) {
  const address = new URL(url, globalThis.location?.href);
  if (!/^(https?|wss?):$/.test(address.protocol)) throw new Error("no http, https, ws or wss URL");
  const names = new Map();
  names.identity = { seeds: [random(), random()], stamps: false };
  const platform = {
    webSocket: globalThis.WebSocket,
    fetch: globalThis.fetch?.bind(globalThis),
    seed: Math.floor(Math.random() * 2 ** 53),
  };
  const addresses = {
    webSocketUrl: endpoint(address, given, "websocket"),
    pollingUrl: endpoint(address, given, "polling"),
  };
  const options = { namespace: address.pathname, ...defaults, ...platform, ...given, ...addresses };
  names.sockets = new Map([[namespaceOf(options), 0]]);
  return { ...options, names };
}

const random = () => (Math.random() * 2 ** 32) | 0;

function endpoint(address, { path = "/socket.io", query = {} }, transport) {
  const secure = /^(https|wss):$/.test(address.protocol) ? "s" : "";
  const scheme = transport === "websocket" ? "ws" : "http";
  const place = path.replace(/^\/*/, "/").replace(/\/*$/, "/");
  const endpoint = new URL(`${scheme}${secure}://${address.host}${place}`);
  endpoint.search = address.search;
  const parameters = { ...query, EIO: 4, transport };
  for (const [key, value] of Object.entries(parameters)) endpoint.searchParams.set(key, value);
  return endpoint.href;
}

/** Returns the namespace as it goes over the wire. */
export function namespaceOf({ namespace }) {
  let name = namespace;
  try {
    name = decodeURI(namespace);
  } catch {
    // It stays as it is.
  }
  return name.startsWith("/") ? name : `/${name}`;
}

/** Writes an event; its binary values go to `attachments`. Throws for what JSON cannot hold. */
export const encode = (event, args, attachments) => encodeValue([event, ...args], attachments);

/** Writes a value; its binary values go to `attachments`. Throws for what JSON cannot hold. */
export function encodeValue(value, attachments) {
  return JSON.stringify(value, (_key, item) =>
    isBinary(item) ? { _placeholder: true, num: attachments.push(item) - 1 } : item,
  );
}

const isBinary = (value) =>
  value instanceof ArrayBuffer || ArrayBuffer.isView(value) || value instanceof Blob;

/** Says whether a value has more levels than are read. */
export function isTooDeep(value, levels = MAX_DEPTH) {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return false;
  if (levels === 0) return true;
  return Object.values(value).some((item) => isTooDeep(item, levels - 1));
}

/** Returns what an error says, and what else was thrown as a text. */
export const messageOf = (thrown) => String(thrown?.message ?? thrown);

/** Says whether a server refused a token because it had expired. */
export const isExpired = (refusal) =>
  [refusal?.message, refusal?.data?.code].some((text) =>
    ["expired", "token_expired"].includes(text),
  );

/** Returns a UUID of version 4. Pages without TLS have no `crypto.randomUUID`. */
export function randomId() {
  if ("randomUUID" in crypto) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
