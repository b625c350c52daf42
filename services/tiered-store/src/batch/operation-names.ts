import type { object } from '@holdfast/contracts';
import type { Ids } from '@holdfast/domain';
import { isRequestId } from '@holdfast/rpc';
import { parseTraceparent } from '@holdfast/service-kit';

/** What an operation is called in logs and traces. Asked for only there: few operations are told of. */
export interface OperationNames {
  /** The operation's own, if it is well-formed, else one that is made now. */
  requestId(): string;
  /** The operation's own, if it is well-formed, else that of its stream. */
  traceparent(): string | undefined;
}

/** What the operation says; nothing of one that has not been read. */
export type SaidNames = Pick<object.BatchOperation, 'requestId' | 'traceparent'>;

export function createOperationNames(
  said: SaidNames | undefined,
  streamTraceparent: string | undefined,
  { ids }: { readonly ids: Ids },
): OperationNames {
  return {
    requestId() {
      const own = said?.requestId;
      return own !== undefined && isRequestId(own) ? own : ids.revision();
    },
    traceparent() {
      const own = said?.traceparent;
      return parseTraceparent(own) === undefined ? streamTraceparent : own;
    },
  };
}
