import type { ObjectId } from '@holdfast/domain';

/**
 * The rows that an intent is on its way to. What is asked of such a row later takes effect behind the
 * intent, and cannot be answered by what is stored now.
 */
export interface Beginnings {
  during<Answer>(id: ObjectId, begin: () => Promise<Answer>): Promise<Answer>;
  has(id: ObjectId): boolean;
}

export function createBeginnings(): Beginnings {
  const counts = new Map<string, number>();
  const countOf = ({ path }: ObjectId): number => counts.get(path) ?? 0;

  return {
    async during(id, begin) {
      counts.set(id.path, countOf(id) + 1);
      try {
        return await begin();
      } finally {
        const left = countOf(id) - 1;
        if (left > 0) counts.set(id.path, left);
        else counts.delete(id.path);
      }
    },
    has: (id) => countOf(id) > 0,
  };
}
