/**
 * What Redis does in one step.
 *
 * Numbers stay texts where they are stored or answered: Lua would round them when it prints them.
 */
import { script } from "./redisClient.js";

/** Returns the id of the memory. Keys: memory. Arguments: the id that an empty memory takes. */
const memoryId = `
local memory = redis.call('GET', KEYS[1])
if not memory then
  memory = ARGV[1]
  redis.call('SET', KEYS[1], memory)
end
`;

/** Keys: memory, lane, key, claim. The first arguments: a new id, e, n, hash, milliseconds to keep. */
const laneState = `
local state = redis.call('HMGET', KEYS[2], 'epoch', 'last')
local epoch, last = state[1] or '0', state[2] or '0'
local e, n = tonumber(ARGV[2]), tonumber(ARGV[3])
local isNext = (e == tonumber(epoch) and n == tonumber(last) + 1) or (e > tonumber(epoch) and n == 1)
local function advance()
  if not isNext then return end
  redis.call('HSET', KEYS[2], 'epoch', ARGV[2], 'last', ARGV[3])
  redis.call('PEXPIRE', KEYS[2], ARGV[5])
end
`;

export const readMemory = script(`${memoryId}return {memory}`);

/** The decision, as \`decide\` in decide.ts. More arguments: m, token, milliseconds of the lease. */
export const claimKey = script(`${memoryId}${laneState}
if ARGV[6] ~= memory then return {'memory', memory} end
local known = redis.call('HMGET', KEYS[3], 'hash', 'outcome')
if known[1] and known[1] ~= ARGV[4] then return {'conflict'} end
if known[2] then
  advance()
  return {'known', known[2]}
end
if redis.call('EXISTS', KEYS[4]) == 1 then return {'retry'} end
if isNext then
  redis.call('HSET', KEYS[3], 'hash', ARGV[4])
  redis.call('PEXPIRE', KEYS[3], ARGV[5])
  redis.call('SET', KEYS[4], ARGV[7], 'PX', ARGV[8])
  return {'apply', ARGV[2], ARGV[3]}
end
if e > tonumber(epoch) then return {'gap', ARGV[2], '0'} end
if e < tonumber(epoch) or n <= tonumber(last) then return {'renumber', epoch, last} end
return {'gap', epoch, last}
`);

/** Stores the outcome, unless there is one; answers with the one that counts. More arguments: token, outcome. */
export const settleKey = script(`${laneState}
if redis.call('GET', KEYS[4]) == ARGV[6] then redis.call('DEL', KEYS[4]) end
local stored = redis.call('HGET', KEYS[3], 'outcome')
if stored then return {stored} end
redis.call('HSET', KEYS[3], 'hash', ARGV[4], 'outcome', ARGV[7])
redis.call('PEXPIRE', KEYS[3], ARGV[5])
advance()
return {ARGV[7]}
`);

/** Keys: claim. Arguments: token. */
export const releaseKey = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return {}
`);

/** Keys: head, events. Arguments: a new epoch, milliseconds to keep, event, most events. */
export const appendEvent = script(`
local epoch = redis.call('HGET', KEYS[1], 'epoch')
if not epoch then
  epoch = ARGV[1]
  redis.call('HSET', KEYS[1], 'epoch', epoch)
  redis.call('DEL', KEYS[2])
end
local seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
redis.call('RPUSH', KEYS[2], ARGV[3])
redis.call('LTRIM', KEYS[2], '-' .. ARGV[4], -1)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
return {epoch, tostring(seq)}
`);

/** Keys: head, events. Arguments: a new epoch, milliseconds to keep. */
export const openStream = script(`
local head = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
if head[1] then return {head[1], head[2]} end
redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'seq', '0')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('DEL', KEYS[2])
return {ARGV[1], '0'}
`);

/** Keys: head, events. Arguments: epoch, seq, most events. */
export const eventsSince = script(`
local head = redis.call('HMGET', KEYS[1], 'epoch', 'seq')
if not head[1] then return {} end
local from, seq = tonumber(ARGV[2]), tonumber(head[2])
local at = from - (seq - redis.call('LLEN', KEYS[2]))
if ARGV[1] ~= head[1] or at < 0 or from > seq then return {head[1], head[2]} end
return {head[1], head[2], redis.call('LRANGE', KEYS[2], at, at + ARGV[3] - 1)}
`);
