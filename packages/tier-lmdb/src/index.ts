export { openLmdbStore } from './lmdb-store.js';
export type { LmdbStore } from './lmdb-store.js';
export { lmdbDefaults } from './options.js';
export type { LmdbOptions } from './options.js';
