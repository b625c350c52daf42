import type { object } from '@holdfast/contracts';
import { invalid, parseRevision, type Revision, type WriteCondition } from '@holdfast/domain';

export function readPutCondition(
  message: object.PutCondition | undefined,
): WriteCondition | undefined {
  if (message === undefined) return undefined;
  const { condition } = message;
  switch (condition?.$case) {
    case 'ifAbsent':
      if (condition.value) return { kind: 'if-absent' };
      throw invalid('INVALID_CONDITION', 'condition.if_absent', false, 'must be true when set');
    case 'ifRevision': {
      const revision = parseRevision(condition.value, 'condition.if_revision');
      return { kind: 'if-revision', revision };
    }
    case undefined:
      throw invalid('INVALID_CONDITION', 'condition', undefined, 'must say what is to be true');
  }
}

export function readIfRevision(text: string | undefined): Revision | undefined {
  return text === undefined ? undefined : parseRevision(text, 'if_revision');
}
