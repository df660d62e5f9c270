/** Values as text that can be stored and compared: JSON, with binary data as base64. */
import { createHash } from "node:crypto";

/** Returns a value as text; what JSON leaves out is left out. */
export const encode = (value: unknown): string => JSON.stringify(value, withoutBinary);

/** Returns the value of a text that `encode` made; binary data comes back as a `Buffer`. */
export const decode = (text: string): unknown => JSON.parse(text, withBinary) as unknown;

/** Returns the same text for the same data, in whatever order its members stand. */
export const fingerprint = (value: unknown): string =>
  createHash("sha256").update(canonical(value)).digest("base64");

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value itself is looked up: a `Buffer` was made an object of numbers before this is called. */
function withoutBinary(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const bytes = bytesOf(this[key]);
  return bytes === undefined ? value : { $sockeye: bytes.toString("base64") };
}

/** No data of an application is in an object with just this key: the name is ours. */
function withBinary(_key: string, value: unknown): unknown {
  if (!isRecord(value) || Object.keys(value).length !== 1) return value;
  const text = value["$sockeye"];
  return typeof text === "string" ? Buffer.from(text, "base64") : value;
}

function canonical(value: unknown): string {
  const bytes = bytesOf(value);
  if (bytes !== undefined) return `b${bytes.toString("base64")}`;
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value ?? null);
  const members = Object.keys(value).sort();
  return `{${members.map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
}

function bytesOf(value: unknown): Buffer | undefined {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (!ArrayBuffer.isView(value)) return undefined;
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
