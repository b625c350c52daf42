/** Thrown for settings that are wrong, and for what they name and cannot be used. */
export { StartupError } from '@holdfast/service-kit';
export { tellEntry } from './bootstrap/bootstrap.js';
export type { BootstrapEntry, BootstrapOptions, BootstrapReport } from './bootstrap/bootstrap.js';
export { bootstrapSettings, readBootstrapPlan } from './bootstrap/bootstrap-settings.js';
export type { BootstrapPlan, BootstrapSources } from './bootstrap/bootstrap-settings.js';
export type { ResourceOutcome } from './bootstrap/resource.js';
export { bootstrapAll, bootstrapStorage } from './bootstrap/run-bootstrap.js';
export { openStorage } from './open/open-storage.js';
export type { Storage, StorageDependencies, StorageOptions } from './open/storage.js';
export { storageSettings, storageWarnings, withEmulatorOf } from './settings/storage-settings.js';
export type { StorageSettings } from './settings/storage-settings.js';
