export * from './gen/holdfast/cleanup/v1/cleanup_service.js';
