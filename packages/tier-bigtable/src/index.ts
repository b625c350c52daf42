export { createBigtableAdmin } from './admin.js';
export type { BigtableAdmin, BigtableAdminOptions } from './admin.js';
export { openBigtableStore } from './bigtable-store.js';
export type { BigtableStore, BigtableStoreDependencies } from './bigtable-store.js';
export { bigtableDefaults } from './options.js';
export type { BigtableOptions } from './options.js';
export { bigtableSchema } from './schema.js';
export type { FamilySchema, GcRule } from './schema.js';
