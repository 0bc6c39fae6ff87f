import type { Edit } from './edit.js';
import type { Statement } from './membership.js';

/** What is sealed inside an entry. */
export interface EntryBody {
  readonly edits: readonly Edit[];
  readonly statements: readonly Statement[];
}
