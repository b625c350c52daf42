import assert from 'node:assert/strict';
import { bootstrap, tellEntry } from '../../../packages/storage/src/bootstrap/bootstrap.js';
import {
  checkResource,
  mendResource,
} from '../../../packages/storage/src/bootstrap/mend-resource.js';
import type { Resource, ResourceState } from '../../../packages/storage/src/bootstrap/resource.js';

interface Course {
  readonly before: ResourceState;
  /** What it is like after it was tried to mend it; as before if not given. */
  readonly after?: ResourceState;
  readonly mendingFails?: string;
}

const missing: ResourceState = { kind: 'missing' };
const sound: ResourceState = { kind: 'found', drift: [] };
const drifted = (...drift: string[]): ResourceState => ({ kind: 'found', drift });

function resourceOf({ before, after = before, mendingFails }: Course) {
  let mends = 0;
  const resource: Resource = {
    name: 'thing',
    look: async () => (mends === 0 ? before : after),
    mend: async () => {
      mends += 1;
      if (mendingFails !== undefined) throw new Error(mendingFails);
    },
  };
  return { resource, mends: () => mends };
}

describe('A resource that is bootstrapped', () => {
  it('is left alone where it is as it has to be', async () => {
    const { resource, mends } = resourceOf({ before: sound });
    assert.deepEqual(await mendResource(resource), { kind: 'exists' });
    assert.equal(mends(), 0);
  });

  it('is made where it is missing', async () => {
    const { resource } = resourceOf({ before: missing, after: sound });
    assert.deepEqual(await mendResource(resource), { kind: 'made' });
  });

  it('exists where somebody else was first to make it, and our own attempt failed', async () => {
    const { resource } = resourceOf({ before: missing, after: sound, mendingFails: 'too late' });
    assert.deepEqual(await mendResource(resource), { kind: 'exists' });
  });

  it('is mended where it drifted', async () => {
    const { resource } = resourceOf({ before: drifted('a', 'b'), after: sound });
    assert.deepEqual(await mendResource(resource), { kind: 'mended', drift: ['a', 'b'] });
  });

  it('is told to have drifted, and why, where some of it cannot be changed', async () => {
    const course = { before: drifted('a', 'b'), after: drifted('b'), mendingFails: 'forbidden' };
    const outcome = await mendResource(resourceOf(course).resource);
    assert.deepEqual(outcome, { kind: 'drifted', drift: ['b'], mended: ['a'], why: 'forbidden' });
    assert.equal(tellEntry({ name: 'thing', outcome }), 'thing: drifted: b (forbidden); mended: a');
  });

  it('has failed where it is not there and cannot be made', async () => {
    const { resource } = resourceOf({ before: missing, mendingFails: 'forbidden' });
    assert.deepEqual(await mendResource(resource), { kind: 'failed', why: 'forbidden' });
    const { resource: silent } = resourceOf({ before: missing });
    assert.equal((await mendResource(silent)).kind, 'failed');
  });

  it('has failed where it cannot even be looked at', async () => {
    const { resource, mends } = resourceOf({ before: missing });
    const blind = { ...resource, look: () => Promise.reject(new Error('no way there')) };
    assert.deepEqual(await mendResource(blind), { kind: 'failed', why: 'no way there' });
    assert.deepEqual(await checkResource(blind), { kind: 'failed', why: 'no way there' });
    assert.equal(mends(), 0);
  });

  it('is never changed by a check', async () => {
    const cases = [
      [missing, 'missing'],
      [sound, 'exists'],
      [drifted('a'), 'drifted'],
    ] as const;
    for (const [before, kind] of cases) {
      const { resource, mends } = resourceOf({ before, after: sound });
      assert.equal((await checkResource(resource)).kind, kind);
      assert.equal(mends(), 0);
    }
  });
});

describe('A bootstrap', () => {
  const stuck = resourceOf({ before: drifted('a'), mendingFails: 'forbidden' }).resource;
  const lost = resourceOf({ before: missing, mendingFails: 'forbidden' }).resource;
  const fine = resourceOf({ before: sound }).resource;

  it('goes on after what cannot be had, and is not sound then', async () => {
    const { entries, isSound } = await bootstrap([lost, fine], { checkOnly: false });
    assert.deepEqual(
      entries.map(({ outcome }) => outcome.kind),
      ['failed', 'exists'],
    );
    assert.equal(isSound, false);
  });

  it('is sound with what is there and cannot be changed, which a check is not', async () => {
    assert.equal((await bootstrap([stuck, fine], { checkOnly: false })).isSound, true);
    assert.equal((await bootstrap([stuck, fine], { checkOnly: true })).isSound, false);
  });

  it('tells of each resource before it looks at the next, and ends between two', async () => {
    const ending = new AbortController();
    const told: string[] = [];
    const running = bootstrap([fine, { ...fine, name: 'never reached' }], {
      checkOnly: false,
      signal: ending.signal,
      told: async (entry) => {
        told.push(tellEntry(entry));
        ending.abort(new Error('enough'));
      },
    });
    await assert.rejects(running, /enough/);
    assert.deepEqual(told, ['thing: exists']);
  });
});
