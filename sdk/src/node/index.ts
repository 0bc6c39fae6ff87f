export { createNodeStore } from './node-store.js';
