/** Text frames that break the rules, some of them only nearly. */

/** Changes some characters of a text. */
export function mutate(random, text) {
  let mutated = text;
  for (let changes = 1 + random.below(3); changes > 0; changes -= 1) {
    const place = random.oneIn(2) ? random.below(8) : random.below(mutated.length + 1);
    mutated = random.pick(mutations)(random, mutated.slice(0, place), mutated.slice(place));
  }
  return mutated;
}

const mutations = [
  (_, before, after) => before + after.slice(1),
  (random, before, after) => before + random.pick(pieces) + after,
  (random, before, after) => before + random.pick(pieces) + after.slice(1),
  (_, before) => before,
  (_, before, after) => before + after + after,
];

const pieces = [
  ...["0", "1", "2", "3", "4", "5", "6", "9", "00", "-", "/", ",", ".", "e", "x", " ", "+", "\n"],
  ...["[", "]", "{", "}", '"', "null", "true", "[]", "{}", "\ufeff", "b", "\ud800", "９"],
  ...['"__proto__"', '{"_placeholder":true,"num":0}', '{"_placeholder":true,"num":1}'],
];

/** A frame that is put together of parts, each of which may be wrong. */
export function randomFrame(random) {
  const parts = [types, counts, namespaces, ids, payloads];
  return parts.map((part) => random.pick(part)).join("");
}

const types = [
  "0",
  "1",
  "2",
  "2",
  "3",
  "4",
  "5",
  "5",
  "6",
  "7",
  "9",
  "",
  "e",
  "-1",
  "\ufeff2",
  " 2",
];
const counts = [
  ...[
    "",
    "",
    "",
    "0-",
    "1-",
    "2-",
    "10-",
    "11-",
    "64-",
    "65-",
    "01-",
    "1e0-",
    "0x1-",
    " 1-",
    "1.0-",
  ],
  ...["1.5-", "-1-", "Infinity-", "NaN-", "-", "1", "99999999999999999999-", "4294967296-"],
];
const namespaces = [
  "",
  "",
  "",
  "/,",
  "/a,",
  "/a",
  "/__proto__,",
  "/a?b=c,",
  "//,",
  `/${"x".repeat(1_030)},`,
];
const ids = [
  ...["", "", "0", "7", "007", "9007199254740991", "9007199254740992", "9".repeat(400), " ", "1e3"],
  ...["1.5", "-1", "+1", "0x10", "1 "],
];
const placeholder = (num) => `{"_placeholder":true,"num":${num}}`;
const nums = [
  ...["0", "1", "2", "-1", "-0", "0.5", "1e400", "null", '"0"', '"splice"', '"__proto__"', "[0]"],
  ...['{"valueOf":1}', "9007199254740992"],
];
const payloads = [
  ...[
    "",
    "[]",
    "{}",
    "null",
    "1",
    '"x"',
    '["a"]',
    '["a",1]',
    "[1]",
    "[null]",
    "[true]",
    "[[]]",
    "[{}]",
  ],
  ...[
    '[{"toString":"foo"}]',
    '["connect"]',
    '["disconnect","x"]',
    '["newListener"]',
    '["error","x"]',
  ],
  ...['["a"', '["a"]]', ' ["a"]', '["a"] ', '\n["a"]', '{"sid":"x"}', '{"message":"no"}', '{"a":}'],
  ...['["a",{"__proto__":{"x":1}}]', '["\\ud800"]', '["con\\u006eect"]', '["a",1e999,-0,1.0]'],
  ...nums.map((num) => `["a",${placeholder(num)}]`),
  `[${placeholder(0)}]`,
  `["a",${placeholder(0)},${placeholder(0)}]`,
  `["a",{"__proto__":${placeholder(0)}}]`,
  `["a",{"_placeholder":1,"num":0}]`,
];
