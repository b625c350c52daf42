import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freeStartPort, runStart } from '../support/cluster-start.js';
import { createStartBed, type StartBed } from '../support/cluster-start-bed.js';
import { requireRedis } from '../support/redis.js';

const run = promisify(execFile);

describe('a start on one machine that cannot be', function () {
  this.timeout(180_000);
  let bed: StartBed;

  before(function () {
    requireRedis(this);
  });

  beforeEach(async () => {
    bed = await createStartBed();
  });

  afterEach(async () => {
    await bed.close();
  });

  it('says in one line which port is in use', async () => {
    for (const taken of [bed.port + 10, bed.port + 40]) {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(taken, '127.0.0.1', resolve));
      try {
        await bed.endsWithOneLine(bed.start(), new RegExp(`port ${taken} on 127.0.0.1 is in use`));
      } finally {
        server.close();
      }
    }
  });

  it('says in one line that another start has the data folder', async () => {
    await bed.start().isUp();
    const other = bed.start(['--port', String(await freeStartPort())]);
    await bed.endsWithOneLine(other, /the data folder .* is in use by another start/);
  });

  it('says in one line that the data folder cannot be used', async () => {
    await writeFile(join(bed.folder, 'file'), '');
    const cannot = /the data folder .* cannot be used/;
    await bed.endsWithOneLine(bed.start(['--data', join(bed.folder, 'file')]), cannot);
    await bed.endsWithOneLine(bed.start(['--data', join(bed.folder, 'file', 'below')]), cannot);
    await bed.endsWithOneLine(bed.start(['--data', '/proc/holdfast']), cannot);
  });

  it('says in one line that what is in the data folder is not its own', async () => {
    const data = join(bed.folder, 'foreign');
    await run('mkdir', ['-p', join(data, 'blobs')]);
    await chmod(data, 0o700);
    await writeFile(join(data, 'blobs', 'somebody-elses.txt'), '');
    await bed.endsWithOneLine(bed.start(['--data', data]), /tiered-store: .*somebody-elses\.txt/);
  });

  it('says in one line what is wrong with the URL of a Redis, without its password', async () => {
    const process = bed.start(['--redis', 'http://user:secret-word@127.0.0.1']);
    await bed.endsWithOneLine(process, /^tiered-store: .*HOLDFAST_QUEUE__URL/);
    assert.ok(!process.output().includes('secret-word'));
  });

  it('says what is wrong with its arguments, and what there are', async () => {
    const wrong = runStart(['--prot', '7000']);
    assert.equal((await wrong.exit).code, 2);
    assert.match(wrong.output(), /^Unknown option '--prot'; --help says what there is\n$/);
    const help = runStart(['--help']);
    assert.equal((await help.exit).code, 0);
    assert.match(help.output(), /--data DIR/);
  });
});
