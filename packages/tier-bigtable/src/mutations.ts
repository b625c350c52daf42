import type { Mutation } from './requests.js';

export interface CellToWrite {
  readonly familyName: string;
  readonly columnQualifier: Uint8Array;
  readonly timestampMicros: number;
  readonly value: Uint8Array;
}

export function setCell(cell: CellToWrite): Mutation {
  return { setCell: cell };
}

export function deleteColumn(familyName: string, columnQualifier: Uint8Array): Mutation {
  return { deleteFromColumn: { familyName, columnQualifier } };
}

export function deleteFamily(familyName: string): Mutation {
  return { deleteFromFamily: { familyName } };
}
