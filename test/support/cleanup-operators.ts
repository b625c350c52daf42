import { Client, credentials, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { cleanup } from '@holdfast/contracts';
import { inspect } from 'node:util';

/** What operators ask of a cleanup worker. */
export interface Operators {
  stats(): Promise<cleanup.GetStatsResponse>;
  /** All of them, page by page. */
  deadLetters(): Promise<readonly cleanup.DeadLetter[]>;
  retry(ids: readonly string[]): Promise<cleanup.RetryDeadLettersResponse>;
  discard(ids: readonly string[], reason: string): Promise<cleanup.DiscardDeadLettersResponse>;
  pause(queue: cleanup.CleanupQueue): Promise<void>;
  resume(queue: cleanup.CleanupQueue): Promise<void>;
  close(): void;
}

export const { CHANGELOG_CLEANUP: settleQueue } = cleanup.CleanupQueue;

const callMsMax = 10_000;
const pageSize = 100;

const { CleanupServiceService: methods } = cleanup;

export function openOperators(address: string): Operators {
  const client = new Client(address, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    // A worker that was restarted is found again soon.
    'grpc.initial_reconnect_backoff_ms': 50,
    'grpc.max_reconnect_backoff_ms': 200,
  });

  function call<Request, Answer>(
    { path, requestSerialize, responseDeserialize }: Method<Request, Answer>,
    request: Request,
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        new Metadata(),
        { deadline: Date.now() + callMsMax },
        (error, answer) => {
          if (error === null && answer !== undefined) resolve(answer);
          else reject(error ?? new Error('no answer'));
        },
      );
    });
  }

  return {
    stats: () => call(methods.getStats, {}),
    async deadLetters() {
      const letters: cleanup.DeadLetter[] = [];
      let pageToken = '';
      do {
        const page = await call(methods.listDeadLetters, {
          filter: undefined,
          pageSize,
          pageToken,
        });
        letters.push(...page.deadLetters);
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      return letters;
    },
    retry: (ids) =>
      call(methods.retryDeadLetters, { selection: selectionOf(ids), spread: undefined }),
    discard: (ids, reason) =>
      call(methods.discardDeadLetters, { selection: selectionOf(ids), reason }),
    async pause(queue) {
      await call(methods.pauseQueue, { queue, reason: 'a test' });
    },
    async resume(queue) {
      await call(methods.resumeQueue, { queue });
    },
    close: () => client.close(),
  };
}

/** The letter of a worker that has no other. */
export async function onlyLetter(
  operators: Pick<Operators, 'deadLetters'>,
): Promise<cleanup.DeadLetter> {
  const letters = await operators.deadLetters();
  const [letter] = letters;
  if (letter === undefined || letters.length > 1) throw new Error(inspect(letters));
  return letter;
}

type Method<Request, Answer> = Pick<
  MethodDefinition<Request, Answer>,
  'path' | 'requestSerialize' | 'responseDeserialize'
>;

function selectionOf(ids: readonly string[]): cleanup.DeadLetterSelection {
  return { selection: { $case: 'ids', value: { ids } } };
}
