import { DomainError, type ErrorDetail } from '@holdfast/domain';
import assert from 'node:assert/strict';

/** Asserts that `act` refuses its input, and that the error says which part of it is wrong. */
export function assertRefused(act: () => unknown, code: ErrorDetail['code'], field: string): void {
  assert.throws(act, (error) => {
    assert.ok(error instanceof DomainError, String(error));
    assert.equal(error.code, code);
    assert.equal('field' in error.detail ? error.detail.field : undefined, field);
    assert.ok(error.message.startsWith(`${field}: `), error.message);
    return true;
  });
}
