/**
 * Connection state recovery: which argument of an event is the server's offset.
 *
 * A server that can recover appends an offset to the arguments of its events, except of volatile ones
 * and of those it wants acknowledged. Nothing in a packet says whether there is one, so it is told by
 * its form: every offset in use has the time in it at which the event was emitted.
 *
 * @see https://socket.io/docs/v4/connection-state-recovery
 */

/** A clock may be wrong, and a recovered event may be old, but not by more than this. */
const TOLERANCE_MS = 24 * 60 * 60 * 1_000;
/** The longest text that is kept as an offset: it goes with each CONNECT, which a server must take. */
const MAX_LENGTH = 1_024;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/** The forms that adapters give their offsets, with the time that is in each. */
const FORMS = [
  // In memory: the time in base 64, and a counter for events of the same millisecond.
  { pattern: /^([\w-]{7})(?:\.[\w-]{1,7})?$/, time: fromBase64 },
  // Redis streams: milliseconds and a counter.
  { pattern: /^(\d{13})-\d{1,20}$/, time: Number },
  // MongoDB: an ObjectId, which starts with the seconds.
  {
    pattern: /^([\da-f]{8})[\da-f]{16}$/,
    time: (seconds: string) => parseInt(seconds, 16) * 1_000,
  },
];

/** What the last argument of an event is. */
export interface LastArgument {
  /** The offset to send when the connection is recovered. */
  offset: string;
  /** Whether it is certainly the server's, so not for listeners. */
  isHidden: boolean;
}

/** Recognises the offsets of one server. */
export class OffsetReader {
  private form: number | undefined;

  /**
   * Returns the offset among the arguments of an event, the first of which is its name.
   *
   * As long as no offset was recognised, any trailing string is kept as one, but left to the listeners:
   * the adapter may have a form of its own, or a clock may be wrong.
   */
  read(args: readonly unknown[], now: number): LastArgument | undefined {
    const last = args.length > 1 ? args[args.length - 1] : undefined;
    if (typeof last !== "string" || last.length > MAX_LENGTH) return undefined;
    const form = formOf(last, now);
    if (form !== undefined && form === (this.form ?? form)) {
      this.form = form;
      return { offset: last, isHidden: true };
    }
    return this.form === undefined ? { offset: last, isHidden: false } : undefined;
  }
}

function formOf(text: string, now: number): number | undefined {
  const form = FORMS.findIndex(({ pattern, time }) => {
    const written = pattern.exec(text)?.[1];
    return written !== undefined && Math.abs(time(written) - now) <= TOLERANCE_MS;
  });
  return form < 0 ? undefined : form;
}

function fromBase64(text: string): number {
  let value = 0;
  for (const digit of text) value = value * DIGITS.length + DIGITS.indexOf(digit);
  return value;
}
