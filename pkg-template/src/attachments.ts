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
  let copy: Record<string, unknown> | undefined;
  for (const [key, item] of Object.entries(object) as [string, unknown][]) {
    if (typeof item !== "object") continue;
    const extracted = extract(item, attachments);
    if (extracted !== item) (copy ??= copyOf(object))[key] = extracted;
  }
  return copy ?? object;
}

/** Without a prototype: there `__proto__` is a key like any other. */
const copyOf = (object: object) =>
  Object.assign(Object.create(null) as Record<string, unknown>, object);

function hasToJson(value: object): value is { toJSON: () => unknown } {
  return "toJSON" in value && typeof value.toJSON === "function";
}
