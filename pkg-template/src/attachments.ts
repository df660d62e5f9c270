/**
 * Binary values inside of arguments: taken out of them and sent after the text, as attachments.
 *
 * Source: Socket.IO protocol 5, "Sending and receiving data", binary events.
 */
import { type Attachment, isBinary } from "./binary.js";

/** A value that JSON can hold, and what had to be taken out of it. */
export interface Extraction {
  /** The value itself if there is no binary in it, else a copy with placeholders. */
  value: unknown;
  /** In the order of their placeholders. */
  attachments: Attachment[];
}

/**
 * Takes the binary values out of `value`, which is never modified.
 *
 * `toJSON` methods are honoured as `JSON.stringify` does. Throws what they throw, and `RangeError` if
 * the value is nested without end.
 */
export function extractAttachments(value: unknown): Extraction {
  const attachments: Attachment[] = [];
  return { value: extract(value, attachments), attachments };
}

/** The same for an array, and for `attachments` that are there: returns the array to be written. */
export const takeAttachments = (values: unknown[], attachments: Attachment[]): unknown[] =>
  extractFromArray(values, attachments);

/** Returns `value` itself if nothing in it is binary: what is equal needs no copy. */
function extract(value: unknown, attachments: Attachment[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return extractFromArray(value, attachments);
  if (isBinary(value)) return { _placeholder: true, num: attachments.push(value) - 1 };
  if (!hasToJson(value)) return extractFromObject(value, attachments);
  const json: unknown = value.toJSON();
  const extracted = extractFromJson(json, attachments);
  return extracted === json ? value : extracted;
}

/** `JSON.stringify` asks only once for the JSON of a value, not for the JSON of that. */
function extractFromJson(json: unknown, attachments: Attachment[]): unknown {
  const isPlain = typeof json === "object" && json !== null && !Array.isArray(json);
  return isPlain && !isBinary(json)
    ? extractFromObject(json, attachments)
    : extract(json, attachments);
}

function extractFromArray(array: unknown[], attachments: Attachment[]): unknown[] {
  let copy: unknown[] | undefined;
  for (let index = 0; index < array.length; index += 1) {
    const item = array[index];
    if (typeof item !== "object") continue;
    const extracted = extract(item, attachments);
    if (extracted !== item) (copy ??= [...array])[index] = extracted;
  }
  return copy ?? array;
}

function extractFromObject(object: object, attachments: Attachment[]): object {
  const values = object as Record<string, unknown>;
  let copy: Record<string, unknown> | undefined;
  for (const key of Object.keys(object)) {
    const item = values[key];
    if (typeof item !== "object" || item === null) continue;
    const extracted = extract(item, attachments);
    if (extracted !== item) set((copy ??= { ...values }), key, extracted);
  }
  return copy ?? object;
}

/** `__proto__` is a key like any other; to assign it would change the prototype. */
function set(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === "__proto__") Object.defineProperty(object, key, { value });
  else object[key] = value;
}

function hasToJson(value: object): value is { toJSON: () => unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}
