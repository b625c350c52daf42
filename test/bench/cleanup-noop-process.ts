import { Worker } from 'bullmq';

/*
 * The baseline of the cleanup bench, as a process of its own: a plain BullMQ worker whose jobs do
 * nothing (`PORT PREFIX QUEUE CONCURRENCY`).
 */
const [port = '', prefix = '', queue = '', concurrency = ''] = process.argv.slice(2);

/** As many as the cleanup worker keeps of its own. */
const completedMax = 1_000;

const worker = new Worker(queue, async () => undefined, {
  connection: { host: '127.0.0.1', port: Number(port) },
  prefix,
  concurrency: Number(concurrency),
  removeOnComplete: { count: completedMax },
});
await worker.waitUntilReady();
process.once('SIGTERM', () => void worker.close());
// It has no port of its own.
process.stdout.write('0\n');
