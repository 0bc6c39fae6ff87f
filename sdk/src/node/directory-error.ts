import type { StoreError } from '../ports/local-store.js';

const ERRORS = {
  closed: { kind: 'unavailable', message: 'The store was closed; open it again.' },
  held: {
    kind: 'unavailable',
    message: 'Another process has the local store open: end it, or use another directory.',
  },
  full: { kind: 'full', message: 'The disk has no room for the local store: free some.' },
  corrupt: {
    kind: 'corrupt',
    message:
      'The directory of the local store is damaged: restore it, or move it away to give it up; nothing was deleted.',
  },
} as const;

export const directoryError = (what: keyof typeof ERRORS): StoreError => ERRORS[what];

/** What LevelDB or the file system threw. */
export function toStoreError(error: unknown): StoreError {
  const code = codeOf(error);
  const causes = error instanceof Error && error.cause !== undefined ? [error.cause] : [];
  for (const cause of causes) if (codeOf(cause) !== 'error') return toStoreError(cause);
  switch (code) {
    case 'LEVEL_LOCKED':
      return ERRORS.held;
    case 'LEVEL_CORRUPTION':
      return ERRORS.corrupt;
    case 'ENOSPC':
    case 'EDQUOT':
      return ERRORS.full;
    case 'LEVEL_IO_ERROR':
      if (error instanceof Error && /no space|quota/i.test(error.message)) return ERRORS.full;
  }
  return {
    kind: 'unavailable',
    message: `The directory of the local store cannot be used (${code}): check its path and rights.`,
  };
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return 'error';
  return typeof error.code === 'string' ? error.code : 'error';
}
