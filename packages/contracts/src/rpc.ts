export * from './gen/google/rpc/error_details.js';
export * from './gen/google/rpc/status.js';
