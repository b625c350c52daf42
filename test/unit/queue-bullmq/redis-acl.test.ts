import { redisAclRules } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where BullMQ keeps its scripts. */
const commands = join(
  dirname(createRequire(import.meta.url).resolve('bullmq')),
  '..',
  'esm',
  'commands',
);

/** Ours are no relays. */
function isOurs(file: string): boolean {
  return file.endsWith('.lua') && !/(^|\/)(refresh)?relay/i.test(file);
}

describe('The rules for users of Redis', () => {
  it('let the worker run whatever BullMQ does in its scripts', async () => {
    const rules = new Set(redisAclRules('worker', '{holdfast}').split(' '));
    const files = (await readdir(commands, { recursive: true })).filter(isOurs);
    assert.ok(files.length > 50);
    for (const file of files) {
      const text = await readFile(join(commands, file), 'utf8');
      for (const [, name = ''] of text.matchAll(/(?:rcall|redis\.call)\(\s*["']([A-Za-z]+)/g)) {
        assert.ok(rules.has(`+${name.toLowerCase()}`), `${file} calls ${name}`);
      }
    }
  });

  it('give the producer less than the worker, and neither anything else', () => {
    const producer = new Set(redisAclRules('producer', 'a').split(' '));
    const worker = new Set(redisAclRules('worker', 'a').split(' '));
    assert.ok([...producer].every((rule) => worker.has(rule)));
    assert.ok(producer.size < worker.size);
    for (const rules of [producer, worker]) {
      assert.ok(rules.has('-@all') && rules.has('~a:*') && rules.has('resetkeys'));
      assert.ok(![...rules].some((rule) => /^\+(@|config|flush|keys|debug|shutdown)/.test(rule)));
    }
  });

  it('take a prefix as it is', () => {
    assert.match(redisAclRules('producer', 'a*[b]?'), / ~a\\\*\\\[b\\\]\\\?:\* /);
  });
});
