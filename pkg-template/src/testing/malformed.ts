/**
 * Frames that no server should send, by the names that `sockeye-mock` has for them. Those that are below the
 * messages of a WebSocket, it alone has.
 */
import type { Frame } from "./frames.js";

const oneByte = Uint8Array.of(1);
const many = (count: number, frame: Frame): Frame[] => Array<Frame>(count).fill(frame);

/** The name of malformed frames. */
export type MalformedName =
  | "attachments-missing"
  | "attachments-too-many"
  | "attachments-count-overflow"
  | "attachments-none"
  | "attachments-no-count"
  | "attachments-count-fraction"
  | "attachments-no-name"
  | "attachment-interrupted"
  | "attachment-unasked"
  | "placeholder-out-of-range"
  | "placeholder-negative"
  | "placeholder-fraction"
  | "placeholder-method"
  | "placeholder-prototype"
  | "placeholder-as-name"
  | "event-name-object"
  | "event-name-boolean"
  | "event-name-null"
  | "event-name-prototype"
  | "event-without-name"
  | "event-no-list"
  | "event-without-data"
  | "event-reserved-connect"
  | "event-reserved-disconnect"
  | "event-reserved-connect-error"
  | "event-called-error"
  | "ack-without-id"
  | "ack-unknown"
  | "ack-without-data"
  | "ack-id-too-big"
  | "ack-id-endless"
  | "ack-many-arguments"
  | "json-cut-off"
  | "json-deep"
  | "json-wide"
  | "json-lone-surrogate"
  | "json-number-too-big"
  | "json-duplicate-keys"
  | "json-nul"
  | "json-long-key"
  | "namespace-swallows"
  | "namespace-unknown"
  | "namespace-prototype"
  | "namespace-empty"
  | "namespace-endless"
  | "connect-again"
  | "connect-without-sid"
  | "connect-list"
  | "connect-null"
  | "connect-error-bare"
  | "connect-error-number"
  | "connect-error-string"
  | "disconnect-unknown"
  | "packet-empty"
  | "packet-unknown-type"
  | "packet-negative-type"
  | "engine-empty"
  | "engine-unknown-type"
  | "engine-bad-base64"
  | "engine-open-again"
  | "engine-open-empty"
  | "engine-open-cut-off"
  | "engine-open-list"
  | "engine-open-null"
  | "engine-open-no-ping"
  | "engine-open-endless-ping"
  | "engine-open-prototype"
  | "engine-probe-unasked"
  | "engine-pong-unasked"
  | "engine-upgrade-unasked"
  | "engine-ping-storm";

/** They are only made when they are sent: some are long. */
const frames: Readonly<Record<MalformedName, () => Frame[]>> = {
  /** An event whose attachment never comes. */
  "attachments-missing": () => ['451-["a",{"_placeholder":true,"num":0}]'],
  /** An event that announces 10^9 attachments. */
  "attachments-too-many": () => ['451000000000-["a"]'],
  /** More attachments than a number holds. */
  "attachments-count-overflow": () => ["45599999999999999999999-[]"],
  /** A binary event with 0 attachments, and binary messages after it. */
  "attachments-none": () => ['450-["a"]', ...many(1_000, oneByte)],
  /** A binary event without a count. */
  "attachments-no-count": () => ['45-["a"]'],
  /** A count of 1.5. */
  "attachments-count-fraction": () => ['451.5-["a"]'],
  /** A binary acknowledgement without attachments and without what it answers. */
  "attachments-no-name": () => ["460-1[]"],
  /** A text message where an attachment is due. */
  "attachment-interrupted": () => ['451-["a",{"_placeholder":true,"num":0}]', '42["b"]'],
  /** A binary message that nothing announced. */
  "attachment-unasked": () => [oneByte],
  /** A placeholder of an attachment that is not there. */
  "placeholder-out-of-range": () => ['451-["a",{"_placeholder":true,"num":1}]', oneByte],
  /** A placeholder with the number -1. */
  "placeholder-negative": () => ['451-["a",{"_placeholder":true,"num":-1}]', oneByte],
  /** A placeholder with the number 0.5. */
  "placeholder-fraction": () => ['451-["a",{"_placeholder":true,"num":0.5}]', oneByte],
  /** A placeholder that names a method of arrays. */
  "placeholder-method": () => ['451-["a",{"_placeholder":true,"num":"splice"}]', oneByte],
  /** A placeholder that names __proto__. */
  "placeholder-prototype": () => ['451-["a",{"_placeholder":true,"num":"__proto__"}]', oneByte],
  /** An event whose name is an attachment. */
  "placeholder-as-name": () => ['451-[{"_placeholder":true,"num":0}]', oneByte],
  /** An event whose name is an object. */
  "event-name-object": () => ['42[{"toString":"foo"}]'],
  /** An event whose name is true. */
  "event-name-boolean": () => ["42[true]"],
  /** An event whose name is null. */
  "event-name-null": () => ["42[null]"],
  /** An event called __proto__. */
  "event-name-prototype": () => ['42["__proto__",{"__proto__":{"polluted":true}}]'],
  /** An event that is an empty list. */
  "event-without-name": () => ["42[]"],
  /** An event that is an object. */
  "event-no-list": () => ["42{}"],
  /** An event without anything. */
  "event-without-data": () => ["42"],
  /** An event called connect. */
  "event-reserved-connect": () => ['42["connect"]'],
  /** An event called disconnect. */
  "event-reserved-disconnect": () => ['42["disconnect","x"]'],
  /** An event called connect_error. */
  "event-reserved-connect-error": () => ['42["connect_error","x"]'],
  /** An event called error, which is an ordinary one. */
  "event-called-error": () => ['42["error","x"]'],
  /** An acknowledgement of nothing. */
  "ack-without-id": () => ['43["a"]'],
  /** An acknowledgement of what was never sent. */
  "ack-unknown": () => ['43999999["a"]'],
  /** An acknowledgement without a list. */
  "ack-without-data": () => ["43999998"],
  /** An id that JavaScript cannot hold exactly. */
  "ack-id-too-big": () => ['439007199254740993["a"]'],
  /** An id of 400 digits. */
  "ack-id-endless": () => ["43" + "9".repeat(400) + '["a"]'],
  /** An acknowledgement with 100,000 arguments. */
  "ack-many-arguments": () => ["43999997[0" + ",0".repeat(100_000) + "]"],
  /** An event that ends too early. */
  "json-cut-off": () => ['42["a",{"b":'],
  /** 100,000 lists in each other. */
  "json-deep": () => ['42["a",' + "[".repeat(100_000)],
  /** A list of 200,000 empty lists. */
  "json-wide": () => ['42["a",[[]' + ",[]".repeat(200_000) + "]]"],
  /** Half a character, which JSON allows. */
  "json-lone-surrogate": () => ['42["a","\\ud800"]'],
  /** The number 1e999. */
  "json-number-too-big": () => ['42["a",1e999]'],
  /** An object with one key twice. */
  "json-duplicate-keys": () => ['42["a",{"b":1,"b":2}]'],
  /** A NUL in a string. */
  "json-nul": () => ['42["a","\u0000"]'],
  /** A key of 1,000,000 bytes. */
  "json-long-key": () => ['42["a",{"' + "k".repeat(1_000_000) + '":1}]'],
  /** A namespace without its comma. */
  "namespace-swallows": () => ['42/admin["a"]'],
  /** An event of a namespace that is not connected. */
  "namespace-unknown": () => ['42/nobody-is-here,["a"]'],
  /** An event of the namespace /__proto__. */
  "namespace-prototype": () => ['42/__proto__,["a"]'],
  /** A namespace that is only a slash. */
  "namespace-empty": () => ['42/,["a"]'],
  /** A namespace of 1,000,000 bytes. */
  "namespace-endless": () => ["42/" + "n".repeat(1_000_000) + ',["a"]'],
  /** A second CONNECT with another id. */
  "connect-again": () => ['40{"sid":"other"}'],
  /** A CONNECT without an id. */
  "connect-without-sid": () => ["40"],
  /** A CONNECT with a list. */
  "connect-list": () => ["40[]"],
  /** A CONNECT with null. */
  "connect-null": () => ["40null"],
  /** A CONNECT_ERROR without data. */
  "connect-error-bare": () => ["44"],
  /** A CONNECT_ERROR whose message is a number. */
  "connect-error-number": () => ['44{"message":1}'],
  /** A CONNECT_ERROR that is a string. */
  "connect-error-string": () => ['44"x"'],
  /** A DISCONNECT of a namespace that is not connected. */
  "disconnect-unknown": () => ["41/nobody-is-here,"],
  /** A message with nothing in it. */
  "packet-empty": () => ["4"],
  /** A Socket.IO packet of type 9. */
  "packet-unknown-type": () => ["49"],
  /** A Socket.IO packet of type -1. */
  "packet-negative-type": () => ["4-1"],
  /** An empty text message. */
  "engine-empty": () => [""],
  /** An Engine.IO packet of type 7. */
  "engine-unknown-type": () => ["7"],
  /** A packet of bad base64. */
  "engine-bad-base64": () => ["b!!!"],
  /** A second handshake. */
  "engine-open-again": () => [
    '0{"sid":"second","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
  ],
  /** A handshake without anything. */
  "engine-open-empty": () => ["0{}"],
  /** A handshake that ends too early. */
  "engine-open-cut-off": () => ["0{"],
  /** A handshake that is a list. */
  "engine-open-list": () => ["0[]"],
  /** A handshake that is null. */
  "engine-open-null": () => ["0null"],
  /** A handshake whose heartbeat is 0 ms. */
  "engine-open-no-ping": () => [
    '0{"sid":"a","upgrades":[],"pingInterval":0,"pingTimeout":0,"maxPayload":1000000}',
  ],
  /** A handshake whose heartbeat is longer than a timer can be. */
  "engine-open-endless-ping": () => [
    '0{"sid":"a","upgrades":[],"pingInterval":3000000000,"pingTimeout":3000000000,"maxPayload":1000000}',
  ],
  /** A handshake whose session is __proto__. */
  "engine-open-prototype": () => [
    '0{"sid":"__proto__","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}',
  ],
  /** The answer to a probe that nobody made. */
  "engine-probe-unasked": () => ["3probe"],
  /** An answer to a heartbeat that nobody sent. */
  "engine-pong-unasked": () => ["3"],
  /** A change of transport that nobody asked for. */
  "engine-upgrade-unasked": () => ["5"],
  /** 10,000 heartbeats at once. */
  "engine-ping-storm": () => [...many(10_000, "2")],
};

/** All of them. */
export const malformedNames: readonly string[] = Object.keys(frames);

/** Returns what is sent. */
export const malformedFrames = (name: MalformedName): readonly Frame[] => frames[name]();
