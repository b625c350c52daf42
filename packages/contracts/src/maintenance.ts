export * from './gen/holdfast/maintenance/v1/maintenance.js';
export * from './gen/holdfast/maintenance/v1/maintenance_service.js';
