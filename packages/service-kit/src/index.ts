export { nativeChecksum } from './native-checksum.js';
export { createRevisionIds } from './revision-ids.js';
export { systemClock } from './system-clock.js';
