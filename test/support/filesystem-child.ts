import {
  blobNameOf,
  DomainError,
  later,
  manualExpiration,
  parseObjectId,
  parseRevision,
  type BlobMetadata,
  type BlobName,
  type Payload,
  type Revision,
} from '@holdfast/domain';
import {
  createRevisionIds,
  nativeChecksum as checksum,
  systemClock as clock,
} from '@holdfast/service-kit';
import { createFilesystemTier } from '@holdfast/tier-filesystem';
import { writeSync } from 'node:fs';
import { once } from 'node:events';

/*
 * A process that stores blobs:
 *
 *   endless {root}            many at once until it is killed; prints `{name}` of each once acked
 *   paused {root} {revision}  one, stopping in the middle of its payload until a line comes in;
 *                             prints `paused`, then what came of it
 *   life {root}               one of everything, printing a line when each call has been answered
 */
const [task = '', root = '', revisionText = ''] = process.argv.slice(2);
const writers = 4;
const payloadBytesMax = 600_000;

const tier = await createFilesystemTier({ root }, { clock, checksum });
const ids = createRevisionIds(clock);
const objectId = parseObjectId({ usecase: 'child', scopes: [], key: 'blob' });

function describeBlob(revision: Revision): readonly [BlobName, BlobMetadata] {
  const timeCreated = clock.now();
  const plain = { contentType: 'text/plain', expiration: manualExpiration, custom: new Map() };
  return [blobNameOf(objectId, revision), { ...plain, revision, timeCreated }];
}

// Not `console.log`: what was printed must have left this process before it goes on.
function print(line: string): void {
  writeSync(1, `${line}\n`);
}

async function* bytesOf(size: number, byte: number): Payload {
  const chunkBytes = 50_000;
  for (let at = 0; at < size; at += chunkBytes) {
    yield Buffer.alloc(Math.min(chunkBytes, size - at), byte);
  }
}

async function writeEndlessly(writer: number): Promise<never> {
  for (let step = 0; ; step += 1) {
    const [name, metadata] = describeBlob(ids.revision());
    const size = (step * 77_777 + writer * 13_131) % payloadBytesMax;
    await tier.create(name, metadata, bytesOf(size, step));
    print(name);
  }
}

async function* pausingPayload(): Payload {
  yield Buffer.alloc(700_000, 1);
  print('paused');
  await once(process.stdin, 'data');
  yield Buffer.alloc(100, 2);
}

async function createPaused(): Promise<void> {
  const [name, metadata] = describeBlob(parseRevision(revisionText));
  const own = { ...metadata, origin: String(process.pid) };
  try {
    const { kind } = await tier.create(name, own, pausingPayload());
    print(`${kind} ${process.pid}`);
  } catch (error) {
    print(error instanceof DomainError ? error.code : String(error));
  }
  process.stdin.destroy();
}

async function liveOnce(): Promise<void> {
  const [name, plain] = describeBlob(ids.revision());
  const timeExpires = later(plain.timeCreated, 1000);
  const metadata = { ...plain, timeExpires };
  print('opened');
  print((await tier.create(name, metadata, bytesOf(300_000, 1))).kind);
  const again = await createFilesystemTier({ root }, { clock, checksum });
  print('opened');
  print((await again.create(name, metadata, bytesOf(300_000, 2))).kind);
  print(await tier.extend(name, later(timeExpires, 1)));
  print((await tier.remove(name)).kind);
  print((await tier.remove(name)).kind);
}

if (task === 'endless')
  await Promise.all(Array.from({ length: writers }, (_, at) => writeEndlessly(at)));
if (task === 'paused') await createPaused();
if (task === 'life') await liveOnce();
