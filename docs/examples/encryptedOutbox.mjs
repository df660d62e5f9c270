/**
 * Encrypts what the outbox stores, with AES-GCM of WebCrypto, as an example for the option `outbox.encrypt`.
 *
 * The key is made once and kept in a database of its own. No script can read it: `extractable` is false.
 * Scripts of the origin can use it, though, so this protects what is on the disk, not what is in the page.
 */

/** How many bytes the random start of each value has, as AES-GCM wants them. */
const IV_BYTES = 12;

/** Makes what `outbox.encrypt` takes: `createClient(url, { outbox: { encrypt: await makeCipher() } })`. */
export async function makeCipher(key) {
  const secret = key ?? (await loadKey());
  // With the action's id in it, a value is of use only where it was stored.
  const algorithm = (iv, id) => ({
    name: "AES-GCM",
    iv,
    additionalData: new TextEncoder().encode(id),
  });
  return {
    async encrypt(bytes, id) {
      const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
      const encrypted = await crypto.subtle.encrypt(algorithm(iv, id), secret, bytes);
      const stored = new Uint8Array(IV_BYTES + encrypted.byteLength);
      stored.set(iv);
      stored.set(new Uint8Array(encrypted), IV_BYTES);
      return stored;
    },
    async decrypt(bytes, id) {
      const iv = bytes.subarray(0, IV_BYTES);
      const encrypted = bytes.subarray(IV_BYTES);
      return new Uint8Array(await crypto.subtle.decrypt(algorithm(iv, id), secret, encrypted));
    },
  };
}

/** Makes a key, or finds the one that was made before. */
async function loadKey() {
  const database = await settled(open());
  try {
    const made = await makeKey();
    const keys = database.transaction("keys", "readwrite").objectStore("keys");
    const found = await settled(keys.get("outbox"));
    if (found) return found;
    await settled(keys.put(made, "outbox"));
    return made;
  } finally {
    database.close();
  }
}

const makeKey = () =>
  crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);

function open() {
  const request = indexedDB.open("sockeye-keys", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("keys");
  return request;
}

const settled = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
