export * from './gen/holdfast/sweeper/v1/sweep.js';
export * from './gen/holdfast/sweeper/v1/sweeper_service.js';
