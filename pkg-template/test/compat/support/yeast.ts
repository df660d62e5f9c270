const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/** Writes a time as the offsets of socket.io's in-memory adapter have it. */
export function yeast(time: number): string {
  let text = "";
  for (let rest = time; rest > 0; rest = Math.floor(rest / 64))
    text = `${DIGITS[rest % 64]}${text}`;
  return text;
}
