/* What is done to the ledger at once. What the keys are is said in sweep-keys.ts. */

/**
 * Keys: lease, cursor, run, runs. Arguments: run id, token, ms of the lease, time started, first report,
 * ms to keep the run, runs kept, what keys of runs begin with, ms to keep by whom it was taken. Answers what has come of it, and the
 * report; or the run that has the lease; or the cursor and the report.
 */
export const beginScript = `
local state, report, noted = unpack(redis.call('HMGET', KEYS[3], 'state', 'report', 'noted'))
if state and state ~= 'running' then return { 'over', report } end
local lease = redis.call('GET', KEYS[1])
local holder = lease and string.match(lease, '^%S+')
if holder and holder ~= ARGV[1] then
  if not state then
    redis.call('HSET', KEYS[3], 'taken', holder)
    redis.call('PEXPIRE', KEYS[3], ARGV[9])
  end
  return { 'taken', holder }
end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
if not state then
  redis.call('HDEL', KEYS[3], 'taken')
  redis.call('HSET', KEYS[3], 'state', 'running', 'report', ARGV[5])
  redis.call('PEXPIRE', KEYS[3], ARGV[6])
  redis.call('ZADD', KEYS[4], ARGV[4], ARGV[1])
  for _, id in ipairs(redis.call('ZRANGE', KEYS[4], 0, -1 - ARGV[7])) do
    redis.call('DEL', ARGV[8] .. id)
    redis.call('ZREM', KEYS[4], id)
  end
end
return { 'begun', redis.call('GET', KEYS[2]), noted and report }`;

/**
 * Keys: lease, cursor, run. Arguments: the lease as it must be, ms until it lapses or 0 to give it back,
 * state, report, ms to keep the run, `keep` `set` or `clear` for the cursor, the cursor.
 */
export const noteScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
if ARGV[2] == '0' then
  redis.call('DEL', KEYS[1])
else
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
redis.call('HSET', KEYS[3], 'state', ARGV[3], 'report', ARGV[4], 'noted', '1')
redis.call('PEXPIRE', KEYS[3], ARGV[5])
if ARGV[6] == 'set' then redis.call('SET', KEYS[2], ARGV[7]) end
if ARGV[6] == 'clear' then redis.call('DEL', KEYS[2]) end
if redis.call('HEXISTS', KEYS[3], 'cancelled') == 1 then return 'cancelled' end
return 'go-on'`;

/** Keys: lease, run. Arguments: the lease as it must be, ms until it lapses, ms to keep the run. */
export const renewScript = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'lost' end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
if redis.call('HEXISTS', KEYS[2], 'cancelled') == 1 then return 'cancelled' end
return 'go-on'`;

/** Key: run. Answers its state. */
export const cancelScript = `
local state = redis.call('HGET', KEYS[1], 'state')
if state == 'running' then redis.call('HSET', KEYS[1], 'cancelled', '1') end
return state`;
