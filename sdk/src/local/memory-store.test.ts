import { describe, expect, it } from 'vitest';
import { describeLocalStore } from '../testing/local-store-contract.js';
import { createMemoryStore } from './memory-store.js';

describeLocalStore({ describe, it, expect }, 'memory', () => {
  const contents = new Map<string, Uint8Array>();
  return { open: () => createMemoryStore(contents) };
});
