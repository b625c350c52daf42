import { reasonError, type CallContext } from '@holdfast/rpc';
import { AtCapacityError, type Admission, type Permit } from '@holdfast/service-kit';

/** Waits for leave to run a single call, or throws what its caller gets instead. */
async function admit(admission: Admission, context: CallContext): Promise<Permit> {
  const permit = admission.tryAcquire('single');
  if (permit !== undefined) return permit;
  try {
    return await admission.acquire('single', context.signal);
  } catch (error) {
    throw refusal(error);
  }
}

/** Runs one call that holds its permit until it has ended, whether its caller is still there or not. */
export async function withPermit<Result>(
  admission: Admission,
  context: CallContext,
  run: () => Promise<Result>,
): Promise<Result> {
  const permit = await admit(admission, context);
  try {
    return await run();
  } finally {
    permit.release();
  }
}

/** What is told to whom no permit was given. */
export function refusal(error: unknown): unknown {
  if (!(error instanceof AtCapacityError)) return error;
  const { retryAfterMs } = error;
  return reasonError('AT_CAPACITY', 'the server is busy: nothing was done', { retryAfterMs });
}
