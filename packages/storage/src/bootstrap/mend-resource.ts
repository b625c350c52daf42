/**
 * What becomes of one resource:
 *
 * 1. Look. What is there and as it has to be is left alone.
 * 2. Mend: make it, or change what drifted.
 * 3. Look again. Only what is seen now counts: whether it was made here or by somebody else who did the
 *    same at the same time, and whatever the attempt said.
 *
 * | at first        | then                     | outcome                                       |
 * | --------------- | ------------------------ | --------------------------------------------- |
 * | as it has to be |                          | `exists`                                      |
 * | missing         | as it has to be          | `made`; `exists` where our own attempt failed |
 * | drifted         | as it has to be          | `mended`                                      |
 * | either          | there, and still drifted | `drifted`: it works, and people should look   |
 * | either          | missing, or out of reach | `failed`                                      |
 */
import type { Resource, ResourceOutcome, ResourceState } from './resource.js';

/** Looks only. */
export async function checkResource(resource: Resource): Promise<ResourceOutcome> {
  const seen = await attempt(() => resource.look());
  if (seen.kind === 'failed') return seen;
  const { done: state } = seen;
  if (state.kind === 'missing') return state;
  return isSound(state) ? { kind: 'exists' } : { kind: 'drifted', drift: state.drift, mended: [] };
}

export async function mendResource(resource: Resource): Promise<ResourceOutcome> {
  const before = await attempt(() => resource.look());
  if (before.kind === 'failed') return before;
  if (isSound(before.done)) return { kind: 'exists' };
  const mending = await attempt(() => resource.mend());
  const after = await attempt(() => resource.look());
  if (after.kind === 'failed') return after;
  const why = mending.kind === 'failed' ? mending.why : undefined;
  return outcomeOf(before.done, after.done, why);
}

function outcomeOf(
  before: ResourceState,
  after: ResourceState,
  why: string | undefined,
): ResourceOutcome {
  if (after.kind === 'missing') {
    return { kind: 'failed', why: why ?? 'it was made, and is not there' };
  }
  const { drift } = after;
  const driftBefore = before.kind === 'found' ? before.drift : [];
  if (drift.length > 0) {
    const mended = driftBefore.filter((text) => !drift.includes(text));
    return { kind: 'drifted', drift, mended, why };
  }
  if (before.kind === 'found') return { kind: 'mended', drift: driftBefore };
  return { kind: why === undefined ? 'made' : 'exists' };
}

function isSound(state: ResourceState): boolean {
  return state.kind === 'found' && state.drift.length === 0;
}

type Attempt<Done> =
  | { readonly kind: 'done'; readonly done: Done }
  | { readonly kind: 'failed'; readonly why: string };

async function attempt<Done>(act: () => Promise<Done>): Promise<Attempt<Done>> {
  try {
    return { kind: 'done', done: await act() };
  } catch (error) {
    return { kind: 'failed', why: error instanceof Error ? error.message : String(error) };
  }
}
