/** What is sent before the facade is there: as it is when the call is made. */
import { type Attachment, isBinary } from "../binary.js";
import { early } from "./early.js";

/** What was copied; `readCopy` of the facade reads it. */
export interface Copy {
  text: string;
  attachments: Attachment[];
  /** Its characters, and its bytes. */
  length: number;
}

/** Writes what JSON can hold; binary values stay what they are. Throws `not_serializable`. */
export function copy(values: readonly unknown[]): Copy {
  if (typeof values.at(-1) === "function") throw early("not_serializable");
  const attachments: Attachment[] = [];
  try {
    const text = JSON.stringify(values, function (this: Record<string, unknown>, key, value) {
      // Node's buffers have a `toJSON`, which has been called.
      const binary = [this[key], value].find(isBinary);
      return binary
        ? { _placeholder: true, num: attachments.push(binary) - 1 }
        : (value as unknown);
    });
    const length = attachments.reduce((sum, one) => sum + sizeOf(one), text.length);
    return { text, attachments, length };
  } catch (error) {
    throw early("not_serializable", error);
  }
}

const sizeOf = (one: Attachment): number =>
  (one as Partial<Blob>).size ?? (one as ArrayBuffer).byteLength;
