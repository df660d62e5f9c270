/**
 * What may happen to the rows of a database, and what has to become of the action that it concerns:
 *
 * - `applied`: it can still be read;
 * - `aside`: it cannot, so it is told, put aside and kept;
 * - `either`: one of both, for what is possible and was not so;
 * - `gone`: nobody can know of it any more.
 */

/** What no field can be. */
const nonsense = [null, true, NaN, -1, -Infinity, Infinity, [], {}, new Date(0), 2 ** 70];
const noRecords = [null, 0, 7, "", "text", true, [], {}, new Date(0), new Uint8Array(9)];
const texts = ["key", "event", "lane"];
const counts = ["order", "bytes", "attachmentCount", "ackTimeoutMs", "kills"];

const without = (record, field) =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== field));

/** Damages of the record of an action; each returns the change, and what has to become of the action. */
const ofRecords = {
  "is no record": ({ pick }) => ({ value: pick(noRecords), fate: "aside" }),
  "lacks a field": ({ pick, value }) => ({
    value: without(value, pick(["v", "storedAtMs", "resend", ...texts, ...counts])),
    fate: "aside",
  }),
  "has no text": ({ pick, value }) => ({
    value: { ...value, [pick(texts)]: pick([...nonsense, 5]) },
    fate: "aside",
  }),
  "has no number": ({ pick, value }) => ({
    value: { ...value, [pick(counts)]: pick([...nonsense, "5"]) },
    fate: "aside",
  }),
  "has a huge number": ({ pick, value }) => ({
    value: {
      ...value,
      [pick(counts)]: pick([2 ** 31, 2 ** 32 + 1, 2 ** 51, 2 ** 53 - 1, 2 ** 53]),
    },
    fate: "either",
  }),
  "has another number": ({ pick, value }) => ({
    value: { ...value, [pick(["bytes", "attachmentCount"])]: pick([0, 1, 7, 0.5]) },
    fate: "either",
  }),
  "is of a version that never was": ({ pick, value }) => ({
    value: {
      ...value,
      v: pick([0, -1, 1.5, 2.5, NaN, Infinity, -Infinity, 2 ** 40, "1", "2", null, [1]]),
    },
    fate: "aside",
  }),
  "was stored at another time": ({ pick, value }) => ({
    value: { ...value, storedAtMs: pick([-1, 0, NaN, Infinity, -Infinity, 2 ** 60]) },
    fate: "applied",
  }),
  "has an odd option": ({ pick, value }) => ({
    value: {
      ...value,
      [pick(["coalesceKey", "ttlMs", "sent", "parked"])]: pick([...nonsense, "odd"]),
    },
    // `odd` is a text, as a `coalesceKey` is.
    fate: "either",
  }),
  "was sent otherwise": ({ pick, value }) => ({
    value: {
      ...value,
      sent: {
        ...{ epoch: 1, sequence: 1, attempts: 1, ...value.sent },
        [pick(["epoch", "sequence", "attempts", "memory", "serverTimeMs"])]: pick([
          ...nonsense,
          ...[0, 3, 2 ** 31, 2 ** 53 - 1, "other"],
        ]),
      },
    },
    fate: "either",
  }),
  "is called as another": ({ value, other }) => ({
    value: { ...value, key: other.value.key },
    fate: "aside",
  }),
  "is in another place of the index": ({ pick, value, row }) => ({
    value: {
      ...value,
      waiting: pick([undefined, 7, [], ["other", "lane", 1], [row.key[0], value.lane, -5]]),
    },
    fate: "applied",
  }),
  "is not there": () => ({ fate: "gone" }),
};

/** Damages of what an action sends. */
const ofPayloads = {
  "is none": ({ pick }) => ({ value: pick(noRecords), fate: "aside" }),
  "has no body": ({ pick, value }) => ({
    value: { ...value, body: pick(nonsense) },
    fate: "aside",
  }),
  "has another body": ({ pick, value }) => ({
    value: {
      ...value,
      body: pick(["", "null", "7", "{}", "[]", "[7]", '["save"', '["save",{"a":', "\0", "[[[["]),
    },
    fate: "aside",
  }),
  "is cut off": ({ below, value }) => ({
    value: { ...value, body: value.body.slice(0, below(value.body.length)) },
    fate: "aside",
  }),
  "has odd attachments": ({ pick, value }) => ({
    value: { ...value, attachments: pick([null, 7, "x", {}, [7], [null], ["x"]]) },
    fate: "aside",
  }),
  "is encrypted": ({ value }) => ({
    value: { encrypted: [new TextEncoder().encode(value.body)] },
    fate: "aside",
  }),
  "is that of another": ({ other }) => ({ value: other.payload, fate: "applied" }),
  "is not there": () => ({ fate: "aside" }),
};

/** Damages of what all actions share: none of them is concerned. */
const ofAll = {
  "the partition is none": ({ pick, rows }) => [
    { store: "partitions", key: rows.partitions[0].key, value: pick(noRecords) },
  ],
  "the partition is not there": ({ rows }) => [
    { store: "partitions", key: rows.partitions[0].key },
  ],
  "the partition has an odd field": ({ pick, rows: { partitions } }) => [
    {
      ...{ store: "partitions", key: partitions[0].key },
      value: {
        ...partitions[0].value,
        [pick(["clientId", "epoch", "lastOrder"])]: pick([
          ...nonsense,
          "",
          0,
          1,
          2 ** 53 - 1,
          "odd",
        ]),
      },
    },
  ],
  "the partition is of a version that never was": ({ pick, rows: { partitions } }) => [
    {
      ...{ store: "partitions", key: partitions[0].key },
      value: { ...partitions[0].value, v: pick([0, -1, 2.5, Infinity, 2 ** 40, "2"]) },
    },
  ],
  "tokens are not there": ({ below, rows: { tokens } }) =>
    tokens.filter(() => below(3) === 0).map(({ key }) => ({ store: "tokens", key })),
  "no tokens are there": ({ rows: { tokens } }) =>
    tokens.map(({ key }) => ({ store: "tokens", key })),
  "there is an odd token": ({ pick, rows: { partitions } }) => [
    {
      ...{ store: "tokens", value: 0 },
      key: [partitions[0].key, pick([-1, 0.5, 54, "x", Infinity, new Date(0), new Uint8Array(2)])],
    },
  ],
  "the reserve is not there": () => [{ store: "reserve", key: 0 }],
  "the reserve is none": ({ pick }) => [{ store: "reserve", key: 0, value: pick(noRecords) }],
  "there is an odd row": ({ pick, rows: { partitions, actions } }) => {
    const [{ key: name }] = partitions;
    const keys = [7, "text", [name], [name, 7], [name, new Date(0)], [name, new Uint8Array(3)]];
    const more = [[name, ["x"]], [name, "x", "y"], [7, "x"], [], new Uint8Array(5)];
    return [
      {
        ...{ store: pick(["actions", "payloads", "partitions", "tokens"]) },
        ...{ key: pick([...keys, ...more]), value: pick([...noRecords, actions[0].value]) },
      },
    ];
  },
  "there are rows of others": ({ pick, rows: { partitions, actions } }) => {
    const name = pick(['["/","other"]', '["/other",""]', "", '["/",""']);
    const { key, value } = pick(actions);
    return [
      { store: "actions", key: [name, key[1]], value },
      { store: "payloads", key: [name, key[1]], value: { body: '["save",{}]' } },
      { store: "partitions", key: name, value: { ...partitions[0].value, epoch: 900 } },
    ];
  },
};

/** Chooses damages; returns the changes, what becomes of actions by their key, and words. */
export function chooseDamages(rows, below) {
  const pick = (values) => values[below(values.length)];
  const payloads = new Map(rows.payloads.map(({ key, value }) => [key[1], value]));
  const left = [...rows.actions];
  const take = () => left.splice(below(left.length), 1)[0];
  const changes = [];
  const fates = {};
  const words = [];
  for (let count = 1 + below(4); count > 0 && left.length > 1; count -= 1) {
    const kind = below(10);
    if (kind < 3) {
      const [what, damage] = pick(Object.entries(ofAll));
      changes.push(...damage({ below, pick, rows }));
      words.push(what);
      continue;
    }
    const [store, damages] = kind < 7 ? ["actions", ofRecords] : ["payloads", ofPayloads];
    const row = take();
    const [what, damage] = pick(Object.entries(damages));
    const other = pick(left);
    const value = store === "actions" ? row.value : payloads.get(row.key[1]);
    const withPayload = { ...other, payload: payloads.get(other.key[1]) };
    const { fate, ...changed } = damage({ below, pick, row, value, other: withPayload });
    changes.push({ store, key: row.key, ...changed });
    fates[row.key[1]] = fate;
    words.push(`${store} ${row.key[1]}: ${what}`);
  }
  return { changes, fates, words };
}
