import { fileURLToPath } from 'node:url';
import type { ServicePlan } from '../service-plan.js';
import { askRedis } from './ask-redis.js';
import { urlOf, type RedisAccess } from './redis-access.js';

/** The Redis that the services use: one of somebody else's, or one that is started with them. */
export type RedisPlan =
  | { readonly kind: 'given'; readonly url: string }
  | {
      readonly kind: 'own';
      readonly program: string;
      readonly access: RedisAccess;
    };

/** How somebody else's Redis is spoken to, beside its URL. */
const givenSettings = /^HOLDFAST_QUEUE__(?:PREFIX$|TLS__)/;

/** What to start, if anything. */
export function planRedis(
  redis: RedisPlan,
  environment: NodeJS.ProcessEnv,
): readonly ServicePlan[] {
  if (redis.kind === 'given') return [];
  const { program, access } = redis;
  return [
    {
      name: 'redis',
      entry: fileURLToPath(new URL(keeper, import.meta.url)),
      args: [program, access.folder],
      environment,
      isReady: async () => (await askRedis(access, 'PING')) === 'ok',
    },
  ];
}

/** For the services that use it. */
export function queueSettings(redis: RedisPlan, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  if (redis.kind === 'own') return { HOLDFAST_QUEUE__URL: urlOf(redis.access) };
  const given = Object.entries(environment).filter(([name]) => givenSettings.test(name));
  return { ...Object.fromEntries(given), HOLDFAST_QUEUE__URL: redis.url };
}

const keeper = import.meta.url.endsWith('.ts') ? 'keeper.ts' : 'keeper.js';
