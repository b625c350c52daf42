import { redisAclRules } from '@holdfast/queue-bullmq';
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import {
  beginScript,
  cancelScript,
  noteScript,
} from '../../../packages/queue-bullmq/src/sweep-ledger-scripts.js';

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

function commandsOf(script: string): readonly string[] {
  const calls = script.matchAll(/(?:rcall|redis\.call)\(\s*["']([A-Za-z]+)/g);
  return Array.from(calls, ([, name = '']) => name.toLowerCase());
}

describe('The rules for users of Redis', () => {
  for (const role of ['worker', 'sweeper'] as const) {
    it(`let the ${role} run whatever BullMQ does in its scripts`, async () => {
      const rules = new Set(redisAclRules(role, '{holdfast}').split(' '));
      const files = (await readdir(commands, { recursive: true })).filter(isOurs);
      assert.ok(files.length > 50);
      for (const file of files) {
        const text = await readFile(join(commands, file), 'utf8');
        for (const name of commandsOf(text)) {
          assert.ok(rules.has(`+${name}`), `${file} calls ${name}`);
        }
      }
    });
  }

  it('let the sweeper run the scripts of its ledger', () => {
    const rules = new Set(redisAclRules('sweeper', '{holdfast}').split(' '));
    const names = [beginScript, noteScript, cancelScript].flatMap(commandsOf);
    assert.ok(names.length > 10);
    for (const name of names) assert.ok(rules.has(`+${name}`), name);
  });

  it('give the producer less than the others, and nobody anything else', () => {
    const producer = new Set(redisAclRules('producer', 'a').split(' '));
    const worker = new Set(redisAclRules('worker', 'a').split(' '));
    const sweeper = new Set(redisAclRules('sweeper', 'a').split(' '));
    for (const other of [worker, sweeper]) {
      assert.ok([...producer].every((rule) => other.has(rule)));
      assert.ok(producer.size < other.size);
    }
    for (const rules of [producer, worker, sweeper]) {
      assert.ok(rules.has('-@all') && rules.has('~a:*') && rules.has('resetkeys'));
      assert.ok(![...rules].some((rule) => /^\+(@|config|flush|keys|debug|shutdown)/.test(rule)));
    }
  });

  it('take a prefix as it is', () => {
    assert.match(redisAclRules('producer', 'a*[b]?'), / ~a\\\*\\\[b\\\]\\\?:\* /);
  });
});
