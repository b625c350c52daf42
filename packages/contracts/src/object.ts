export * from './gen/holdfast/object/v1/object.js';
export * from './gen/holdfast/object/v1/object_service.js';
