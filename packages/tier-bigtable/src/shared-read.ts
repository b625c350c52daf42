import type { RowFilter } from './requests.js';
import type { TableRow } from './row-merger.js';
import type { BigtableTransport } from './transport.js';

/** Reads the row of one key; `undefined` where there is none. */
export type ReadOneRow = (key: Buffer) => Promise<TableRow | undefined>;

/** More of them take several calls. */
const keysPerCallMax = 100;

interface Question {
  readonly key: Buffer;
  readonly answer: Promise<TableRow | undefined>;
  readonly resolve: (row: TableRow | undefined) => void;
  readonly reject: (cause: unknown) => void;
}

/** Each row is read by a call of its own. */
export function createLoneRead(
  { readRows }: Pick<BigtableTransport, 'readRows'>,
  filter: RowFilter,
): ReadOneRow {
  return async (key) => {
    const [row] = await readRows({ rows: { rowKeys: [key] }, rowsLimit: 1, filter });
    return row;
  };
}

/**
 * Rows that are asked for in one turn of the event loop are read by one call. It fails for all of them, and
 * takes as long as the slowest: it is for those who look at many rows side by side and wait for all.
 */
export function createSharedRead(
  { readRows }: Pick<BigtableTransport, 'readRows'>,
  filter: RowFilter,
): ReadOneRow {
  let asked = new Map<string, Question>();

  async function answer(questions: ReadonlyMap<string, Question>): Promise<void> {
    const rowKeys = Array.from(questions.values(), ({ key }) => key);
    try {
      const rows = await readRows({ rows: { rowKeys }, rowsLimit: rowKeys.length, filter });
      const found = new Map(rows.map((row) => [nameOf(row.key), row]));
      for (const [name, { resolve }] of questions) resolve(found.get(name));
    } catch (cause) {
      for (const { reject } of questions.values()) reject(cause);
    }
  }

  function send(questions: ReadonlyMap<string, Question>): void {
    if (asked !== questions) return;
    asked = new Map();
    void answer(questions);
  }

  return (key) => {
    const name = nameOf(key);
    const same = asked.get(name);
    if (same !== undefined) return same.answer;
    const questions = asked;
    if (questions.size === 0) setImmediate(() => send(questions));
    const question = questionOf(key);
    questions.set(name, question);
    if (questions.size === keysPerCallMax) send(questions);
    return question.answer;
  };
}

function nameOf(key: Buffer): string {
  return key.toString('latin1');
}

function questionOf(key: Buffer): Question {
  let resolve: Question['resolve'] = () => undefined;
  let reject: Question['reject'] = () => undefined;
  const answer: Question['answer'] = new Promise((found, failed) => {
    resolve = found;
    reject = failed;
  });
  return { key, answer, resolve, reject };
}
