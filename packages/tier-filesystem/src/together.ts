import { assert } from '@holdfast/domain';

/**
 * Gives what is asked for in one turn of the event loop to `work` as one list, or as several of `max`. It
 * answers each by a promise of its own, in their order.
 */
export function createTogether<Asked, Answer>(
  max: number,
  work: (asked: readonly Asked[]) => readonly Promise<Answer>[],
): (asked: Asked) => Promise<Answer> {
  const waiting: { readonly asked: Asked; readonly resolve: (answer: Promise<Answer>) => void }[] =
    [];

  function workOff(): void {
    const together = waiting.splice(0, max);
    if (together.length === 0) return;
    const answers = work(together.map(({ asked }) => asked));
    for (const [index, { resolve }] of together.entries()) resolve(answerAt(answers, index));
  }

  return (asked) =>
    new Promise((resolve) => {
      if (waiting.length === 0) setImmediate(workOff);
      waiting.push({ asked, resolve });
      if (waiting.length === max) workOff();
    });
}

async function answerAt<Answer>(
  answers: readonly Promise<Answer>[],
  index: number,
): Promise<Answer> {
  const answer = answers[index];
  assert(answer !== undefined, 'whoever asks is answered');
  return answer;
}
