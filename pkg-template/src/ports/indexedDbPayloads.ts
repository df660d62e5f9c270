/** What actions send, as it is stored: in the clear, or as the application encrypts it. */
import { isBinary } from "../binary.js";
import type { Cipher, StoredPayload } from "../outboxStore.js";
import { StoreError } from "./indexedDbErrors.js";
import { TextDecoder, TextEncoder } from "../text.js";

/** What is longer takes too long to be read as a whole each time. */
const MOST_PARSED = 65_536;

/** What is stored of a payload that is encrypted: the body, and each binary value. */
interface Encrypted {
  readonly encrypted: readonly Uint8Array[];
}

/** Returns what is stored; a promise if it is encrypted. */
export function toPayload(
  key: string,
  payload: StoredPayload,
  cipher: Cipher | undefined,
): StoredPayload | Promise<Encrypted> {
  return cipher ? encrypt(key, payload, cipher) : payload;
}

/** Reads what was stored. Throws `storage_damaged` if it is nothing that could be sent. */
export async function readPayload(
  key: string,
  value: unknown,
  cipher: Cipher | undefined,
): Promise<StoredPayload> {
  if (isEncrypted(value)) return decrypt(key, value, cipher);
  if (!isPayload(value) || !isEvent(value.body)) throw damaged("the payload is none");
  return value;
}

async function encrypt(
  key: string,
  { body, attachments = [] }: StoredPayload,
  cipher: Cipher,
): Promise<Encrypted> {
  const values = [new TextEncoder().encode(body), ...attachments];
  const encrypted = values.map(async (value) => cipher.encrypt(await toBytes(value), key));
  return { encrypted: await Promise.all(encrypted) };
}

/** Binary values become views; on the wire they are the same. */
async function decrypt(
  key: string,
  { encrypted }: Encrypted,
  cipher: Cipher | undefined,
): Promise<StoredPayload> {
  if (!cipher) throw damaged("the payload is encrypted, and there is no `outbox.encrypt`");
  try {
    const values = encrypted.map(async (value) => cipher.decrypt(await toBytes(value), key));
    const [body, ...attachments] = await Promise.all(values);
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    if (!isEvent(text)) throw new TypeError("it is no event");
    return attachments.length > 0 ? { body: text, attachments } : { body: text };
  } catch (error) {
    throw damaged("the payload cannot be decrypted", error);
  }
}

/** A copy, of which nobody has another view. */
async function toBytes(value: ArrayBuffer | ArrayBufferView | Blob) {
  if (ArrayBuffer.isView(value)) {
    const { buffer, byteOffset, byteLength } = value;
    return new Uint8Array(buffer, byteOffset, byteLength).slice();
  }
  return new Uint8Array(value instanceof ArrayBuffer ? value : await value.arrayBuffer());
}

function isPayload(value: unknown): value is StoredPayload {
  if (typeof value !== "object" || value === null) return false;
  const { body, attachments = [] } = value as { body?: unknown; attachments?: unknown };
  return typeof body === "string" && Array.isArray(attachments) && attachments.every(isBinary);
}

/** Whether it is the JSON of an event. What a server cannot read ends the connection. */
function isEvent(body: string): boolean {
  if (!body.startsWith('["') || !body.endsWith("]")) return false;
  if (body.length > MOST_PARSED) return true;
  try {
    JSON.parse(body);
    return true;
  } catch {
    return false;
  }
}

function isEncrypted(value: unknown): value is Encrypted {
  const { encrypted } = (value ?? {}) as { encrypted?: unknown };
  return Array.isArray(encrypted) && encrypted.length > 0 && encrypted.every(isBinary);
}

const damaged = (message: string, cause?: unknown) =>
  new StoreError("storage_damaged", message, cause);
