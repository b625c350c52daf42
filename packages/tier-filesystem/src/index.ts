export { ensurePath } from './durable-directory.js';
export { createFilesystemTier } from './filesystem-tier.js';
export type {
  FilesystemTier,
  FilesystemTierDependencies,
  FilesystemTierOptions,
} from './filesystem-tier.js';
export type { AbandonedQuery, AbandonedReport } from './remove-abandoned.js';
