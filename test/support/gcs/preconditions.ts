import { conditionNotMet, notModified } from './api-error.js';
import { digitsOf, type Query } from './request-query.js';

export interface Preconditions {
  readonly generationMatch: string | undefined;
  readonly generationNotMatch: string | undefined;
  readonly metagenerationMatch: string | undefined;
  readonly metagenerationNotMatch: string | undefined;
}

/** What preconditions look at; a bucket has no generation. */
export interface Versioned {
  readonly generation?: string;
  readonly metageneration: number;
}

export function parsePreconditions(query: Query): Preconditions {
  return {
    generationMatch: digitsOf(query, 'ifGenerationMatch'),
    generationNotMatch: digitsOf(query, 'ifGenerationNotMatch'),
    metagenerationMatch: digitsOf(query, 'ifMetagenerationMatch'),
    metagenerationNotMatch: digitsOf(query, 'ifMetagenerationNotMatch'),
  };
}

/**
 * Throws where one does not hold. The generation 0 is that of an object which does not exist. Of a
 * read whose object did not change, that is no failure but 304.
 */
export function checkPreconditions(
  given: Preconditions,
  current: Versioned | undefined,
  access: 'read' | 'write',
): void {
  const generation = current?.generation ?? '0';
  const metageneration = current === undefined ? undefined : String(current.metageneration);
  const { generationMatch, generationNotMatch } = given;
  const { metagenerationMatch, metagenerationNotMatch } = given;
  if (generationMatch !== undefined && generationMatch !== generation) throw conditionNotMet();
  if (metagenerationMatch !== undefined && metagenerationMatch !== metageneration) {
    throw conditionNotMet();
  }
  const isSame =
    (generationNotMatch !== undefined && generationNotMatch === generation) ||
    (metagenerationNotMatch !== undefined && metagenerationNotMatch === metageneration);
  if (isSame) throw access === 'read' ? notModified() : conditionNotMet();
}
