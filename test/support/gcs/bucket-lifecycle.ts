import { isDeepStrictEqual } from 'node:util';
import { invalid } from './api-error.js';
import { asCount, asRecord, asString } from './json-body.js';

const rulesMax = 100;
const actions = ['Delete', 'SetStorageClass', 'AbortIncompleteMultipartUpload'];

const counts = [
  'age',
  'daysSinceCustomTime',
  'daysSinceNoncurrentTime',
  'numNewerVersions',
] as const;
const days = ['createdBefore', 'customTimeBefore', 'noncurrentTimeBefore'] as const;
const lists = ['matchesPrefix', 'matchesSuffix', 'matchesStorageClass'] as const;

/** The rules of a bucket as they are stored; this server never acts by them. */
export function checkLifecycle(value: unknown): unknown {
  const lifecycle = asRecord(value, 'lifecycle');
  const { rule = [], ...others } = lifecycle;
  if (Object.keys(others).length > 0 || !Array.isArray(rule) || rule.length > rulesMax) {
    throw invalid('Invalid value for: lifecycle');
  }
  return { rule: rule.map((one: unknown) => checkRule(one)) };
}

function checkRule(value: unknown): unknown {
  const { action, condition, ...others } = asRecord(value, 'lifecycle.rule');
  if (Object.keys(others).length > 0) throw invalid('Invalid value for: lifecycle.rule');
  const checkedAction = asRecord(action, 'lifecycle.rule.action');
  const type = asString(checkedAction['type'], 'lifecycle.rule.action.type');
  const membersExpected = type === 'SetStorageClass' ? ['storageClass', 'type'] : ['type'];
  const isComplete = isDeepStrictEqual(Object.keys(checkedAction).toSorted(), membersExpected);
  if (!actions.includes(type) || !isComplete) throw invalid(`Invalid lifecycle action: ${type}`);
  const members = Object.entries(asRecord(condition, 'lifecycle.rule.condition'));
  if (members.length === 0) throw invalid('A lifecycle rule must have a condition.');
  for (const [name, member] of members) checkCondition(name, member);
  return { action: checkedAction, condition };
}

function checkCondition(name: string, value: unknown): void {
  if (isOneOf(counts, name)) asCount(value, name);
  else if (isOneOf(days, name)) checkDay(name, asString(value, name));
  else if (isOneOf(lists, name)) checkList(name, value);
  else if (name !== 'isLive' || typeof value !== 'boolean') {
    throw invalid(`Invalid lifecycle condition: ${name}`);
  }
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name);
}

function checkDay(name: string, value: string): void {
  if (!/^\d{4}-\d\d-\d\d$/u.test(value)) throw invalid(`Invalid value for: ${name}`);
}

function checkList(name: string, value: unknown): void {
  if (!Array.isArray(value)) throw invalid(`Invalid value for: ${name}`);
  for (const one of value) asString(one, name);
}
