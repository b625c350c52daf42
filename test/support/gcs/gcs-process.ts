import { parseArgs } from 'node:util';
import { startGcsServer } from './gcs-server.js';

/**
 * The server as a process of its own, so that a load test does not share its thread: with
 * `--bucket <name>` (any number), `--discard-payloads`, `--port <number>`. Prints one line,
 * {"apiEndpoint": "http://…"}, and ends when its input does, as it does with its parent.
 */
const { values } = parseArgs({
  options: {
    bucket: { type: 'string', multiple: true, default: [] },
    'discard-payloads': { type: 'boolean', default: false },
    port: { type: 'string', default: '0' },
  },
});

const server = await startGcsServer({
  discardPayloads: values['discard-payloads'],
  port: Number(values.port),
});
for (const bucket of values.bucket) server.createBucket(bucket);
process.stdout.write(`${JSON.stringify({ apiEndpoint: server.apiEndpoint })}\n`);

process.stdin.resume();
process.stdin.once('close', () => void server.close());
