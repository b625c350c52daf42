import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { status } from '@grpc/grpc-js';
import { codeOf, type Reason } from '../../../../packages/rpc/src/status/reasons.js';

const protos = resolve(import.meta.dirname, '../../../../proto/holdfast');
const codes = Object.values(status).filter((code) => typeof code === 'string');

function comments(): string {
  return readdirSync(protos, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.proto'))
    .flatMap((file) => readFileSync(join(protos, file), 'utf8').split('\n'))
    .map((line) => line.replace(/^\s*\/\/ ?/, ''))
    .join('\n');
}

/** The block under ERRORS: a code, and behind it sentences with reasons. */
function errorsSection(): Map<string, string[]> {
  const text = comments();
  const start = text.indexOf('ERRORS\n');
  const section = text.slice(start, text.indexOf('REPEATING CALLS', start));
  const reasons = new Map<string, string[]>();
  let code = '';
  for (const line of section.split('\n')) {
    const entry = /^ {2}([A-Z_]+) {2,}(.*)$/.exec(line);
    code = entry?.[1] ?? code;
    const words = (entry?.[2] ?? line).match(
      /\b[A-Z]{2,}(_[A-Z]+)+\b|\b(UNREADABLE|KILLSWITCHED)\b/g,
    );
    const found = (words ?? []).filter((word) => !codes.includes(word));
    reasons.set(code, [...(reasons.get(code) ?? []), ...found]);
  }
  return reasons;
}

describe('the table of reasons', () => {
  it('has every reason the contract lists, under the code it lists it under', () => {
    const section = errorsSection();
    assert.deepEqual(section.get('RESOURCE_EXHAUSTED'), [
      'AT_CAPACITY',
      'RATE_LIMITED',
      'STORAGE_FULL',
    ]);
    for (const [code, reasons] of section) {
      for (const reason of reasons) {
        // Of a write it is answered both ways; a server that knows answers UNAVAILABLE.
        if (code === 'DEADLINE_EXCEEDED' && reason === 'OUTCOME_UNKNOWN') continue;
        assert.equal(status[codeOf(reason as Reason)], code, reason);
      }
    }
  });

  it('has every reason any comment of the contract names beside its code', () => {
    const named = comments()
      .replaceAll(/\s+/g, ' ')
      .matchAll(/\b([A-Z]+(?:_[A-Z]+)*) `([A-Z]+(?:_[A-Z]+)+)`/g);
    let count = 0;
    for (const [, code = '', reason = ''] of named) {
      if (!codes.includes(code) || reason === 'OUTCOME_UNKNOWN') continue;
      count += 1;
      assert.equal(status[codeOf(reason as Reason)], code, reason);
    }
    assert(count > 20, `only ${count} were found`);
  });
});
