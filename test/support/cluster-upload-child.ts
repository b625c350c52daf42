import { openLoaderClient } from './loader-client.js';
import { chunksOf, randomPayload } from './loader-payloads.js';
import { writeSync } from 'node:fs';

/*
 * A process that uploads a part of an object, prints `sent`, and then waits to be killed:
 *
 *   {address} {key} {bytes}   a header, and so many bytes in chunks; none: the header alone
 */
const [address = '', key = '', bytes = ''] = process.argv.slice(2);

const client = openLoaderClient(address);
const upload = client.openUpload();
await upload.send({ header: { objectId: { usecase: 'vanishing', key } } });
for (const chunk of chunksOf(randomPayload(Number(bytes)))) await upload.send({ chunk });
writeSync(1, 'sent\n');
await upload.answer;
