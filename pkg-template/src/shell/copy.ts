/** What is sent before the facade is there: as it is when the call is made. */
import { type Attachment, isBinary } from "../binary.js";
import { notSerializable } from "../notSerializable.js";

/** What was copied. */
export interface Copy {
  /** Its characters, and its bytes. */
  length: number;
  read: () => unknown[];
}

/** Writes what JSON can hold; binary values stay what they are. Throws `not_serializable`. */
export function copy(values: readonly unknown[]): Copy {
  if (typeof values.at(-1) === "function") throw notSerializable();
  const attachments: Attachment[] = [];
  let text: string;
  try {
    text = JSON.stringify(values, function (this: Record<string, unknown>, key, value: unknown) {
      // Node's buffers have a `toJSON`, which has been called.
      const binary = [this[key], value].find(isBinary);
      return binary ? { _placeholder: true, num: attachments.push(binary) - 1 } : value;
    });
  } catch (error) {
    throw notSerializable(error);
  }
  if (attachments.length === 0)
    return { length: text.length, read: () => JSON.parse(text) as unknown[] };
  const revive = (_key: string, value: unknown) =>
    (value as { _placeholder?: unknown } | null)?._placeholder === true
      ? attachments[(value as { num: number }).num]
      : value;
  const length = attachments.reduce((sum, one) => sum + sizeOf(one), text.length);
  return { length, read: () => JSON.parse(text, revive) as unknown[] };
}

const sizeOf = (binary: Attachment): number => ("size" in binary ? binary.size : binary.byteLength);
