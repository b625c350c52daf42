/**
 * What a user of Redis has to be allowed, and no more. Scripts are checked command by command, too.
 * With Redis Cluster a client also asks for the slots.
 */
const forAll = words('select quit info eval evalsha cluster|slots cluster|info asking');

/** Puts jobs on queues. */
const forProducer = words(`
  del exists incr
  hget hmget hset hmset
  lpush xadd zadd zrange zrem zrevrangebyscore
`);

/**
 * Works jobs off, and lets operators look at them and steer them, also on the dashboard; keeps the ledger
 * and the schedule of sweeps.
 */
const forWorker = words(`
  bzpopmin client|setname client|list multi exec
  get set rename type scan persist pexpire pttl
  hdel hexists hgetall hincrby hlen hscan
  lindex llen lpop lpos lrange lrem lset ltrim rpop rpoplpush rpush
  sadd scard sismember smembers srem sscan
  xread xtrim
  zcard zcount zpopmin zrangebyscore zrevrange zscan zscore zremrangebyrank zremrangebyscore
`);

/**
 * Whose rules: the tiered-store's, which puts jobs on queues; the cleanup-worker's, which works them off
 * and shows them; the sweeper's, which does both.
 */
export type RedisRole = 'producer' | 'worker' | 'sweeper';

/**
 * The rules of an ACL user, to follow its name and password. Without `config|get` the check at the start can say less.
 */
export function redisAclRules(role: RedisRole, prefix: string): string {
  const commands = role === 'producer' ? forProducer : [...forProducer, ...forWorker];
  const allowed = [...forAll, ...commands].map((command) => `+${command}`);
  const keys = prefix.replaceAll(/[\\*?[\]]/g, String.raw`\$&`);
  return `resetkeys ~${keys}:* resetchannels -@all ${allowed.join(' ')}`;
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
