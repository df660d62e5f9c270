/**
 * Whether Chromium's own database is damaged.
 *
 * A kill may leave half a record at the end of LevelDB's log. The next start ignores it, and goes on writing
 * behind it; the start after that finds a record whose checksum is wrong, and Chromium throws the whole
 * database away: https://github.com/google/leveldb/issues/1287. No page can do anything about that.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const blockBytes = 32_768;
const headerBytes = 7;

/** Says so for the IndexedDB databases of a profile. */
export function isDatabaseDamaged(profile) {
  const directory = path.join(profile, "Default/IndexedDB");
  if (!existsSync(directory)) return false;
  const logs = readdirSync(directory, { recursive: true }).filter((name) => name.endsWith(".log"));
  return logs.some((name) => isDamaged(readFileSync(path.join(directory, name))));
}

/** Whether a record that is whole has another checksum than it says. */
export function isDamaged(log) {
  let at = 0;
  while (at + headerBytes <= log.length) {
    const left = blockBytes - (at % blockBytes);
    if (left < headerBytes) {
      at += left;
      continue;
    }
    const length = log.readUInt16LE(at + 4);
    const end = at + headerBytes + length;
    if (headerBytes + length > left) return at + left < log.length;
    if (end > log.length) return false;
    if (masked(crc32c(log.subarray(at + 6, end))) !== log.readUInt32LE(at)) return true;
    at = end;
  }
  return false;
}

const table = Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value >>> 0;
});

function crc32c(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** LevelDB stores no bare checksums. */
const masked = (crc) => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
