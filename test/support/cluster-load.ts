import { isDeepStrictEqual } from 'node:util';
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { failureOf, type Failure } from './loader-contract.js';
import type { LoaderClient } from './loader-client.js';
import { chunksOf, crc32cOf, finishOf, KiB, MiB, randomPayload } from './loader-payloads.js';

/** What an object may hold: `undefined` stands for nothing. */
type Content = { readonly size: number; readonly crc32c: number } | undefined;

/** Many writers, each with objects of its own, who know what must be there whatever happens. */
export interface Load {
  /** So many writes were answered OK. */
  acknowledged(): number;
  readonly failures: readonly Failure[];
  /** Lets the writers come to the end of what they are at. */
  stop(): Promise<void>;
  /** Reads every object and fails unless it holds what it has to. Returns how many are large. */
  verify(client: LoaderClient): Promise<number>;
}

export interface LoadOptions {
  readonly writers: number;
  readonly keysPerWriter: number;
}

const sizes = [0, 100, 4 * KiB, 300 * KiB, MiB, MiB + 1, 2 * MiB, 5 * MiB];
const inlineMax = MiB;
const deleteEvery = 7;
const pauseAfterFailureMs = 20;

/** Whoever answers at all does so long before. */
const callMsMax = 40_000;

function limit(): { deadline: number } {
  return { deadline: Date.now() + callMsMax };
}

export function startLoad(client: LoaderClient, options: LoadOptions): Load {
  const allowed = new Map<string, Content[]>();
  const failures: Failure[] = [];
  let acknowledged = 0;
  const stopping = new AbortController();

  async function attempt(key: string, content: Content, write: () => Promise<unknown>) {
    const before = allowed.get(key) ?? [undefined];
    // Until it is answered, and for ever if it is not, both may be there.
    allowed.set(key, [...before, content]);
    try {
      await write();
      acknowledged += 1;
      allowed.set(key, [content]);
    } catch (error) {
      failures.push(failureOf(error));
      await pause(pauseAfterFailureMs);
    }
  }

  async function runWriter(writer: number): Promise<void> {
    for (let step = writer; !stopping.signal.aborted; step += 1) {
      const key = `${writer}/${step % options.keysPerWriter}`;
      const objectId = { usecase: 'load', key };
      if (step % deleteEvery === 0) {
        await attempt(key, undefined, () =>
          client.unary(['object', 'DeleteObject'], { objectId }, limit()),
        );
      } else {
        const payload = randomPayload(sizes[step % sizes.length] ?? 0);
        const content = { size: payload.length, crc32c: crc32cOf(payload) };
        const put = () => client.put({ objectId }, chunksOf(payload), finishOf(payload), limit());
        await attempt(key, content, put);
      }
    }
  }

  const writers = Array.from({ length: options.writers }, (_, writer) => runWriter(writer));
  return {
    acknowledged: () => acknowledged,
    failures,
    async stop() {
      stopping.abort();
      await Promise.all(writers);
    },
    async verify(reader) {
      let large = 0;
      for (const [key, contents] of allowed) {
        const found = await readContent(reader, key);
        const isAllowed = contents.some((content) => isDeepStrictEqual(content, found));
        assert.ok(isAllowed, `${key}: ${JSON.stringify({ found, contents })}`);
        if (found !== undefined && found.size > inlineMax) large += 1;
      }
      return large;
    },
  };
}

async function readContent(client: LoaderClient, key: string): Promise<Content> {
  try {
    const { payload } = await client.get({ objectId: { usecase: 'load', key } });
    return { size: payload.length, crc32c: crc32cOf(payload) };
  } catch (error) {
    const failure = failureOf(error);
    if (failure.code === 'NOT_FOUND') return undefined;
    throw new Error(`${key} cannot be read: ${JSON.stringify(failure)}`, { cause: error });
  }
}
