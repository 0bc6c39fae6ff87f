export * from './close-codes.js';
export * from './limits.js';
export * from './messages.js';
export * from './version.js';
export * from './token-bucket.js';
