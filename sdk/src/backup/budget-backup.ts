import { SealsyncError, type SealsyncErrorKind } from '../errors.js';
import type { BudgetId } from '../model/ids.js';
import type { Random } from '../ports/random.js';
import type { CorrectedClock } from '../sync/corrected-clock.js';
import type { Replica } from '../sync/replica.js';
import { toEditFailure, toSealsyncError } from '../sync/sync-failure.js';
import { planRestore } from './plan-restore.js';
import { readCollections, readContent, writeJson } from './read-content.js';
import {
  openBackup,
  sealBackup,
  type OpenBackupError,
  type OpenedBackup,
  type SealBackupError,
} from './seal-backup.js';

export interface BackupOptions {
  /** Opens the file; as strong as that of a keyslot, since anybody may try at the file. */
  readonly passphrase: string;
}

export interface RestoreOptions extends BackupOptions {
  /**
   * `merge` (the default) writes what the backup holds and leaves all other records; `replace`
   * also removes those that it does not hold.
   */
  readonly mode?: 'merge' | 'replace';
  /** Takes a backup of another budget too. */
  readonly allowOtherBudget?: boolean;
  /** Records written or removed so far, and how many there are to be. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** How many records restoring wrote, removed, and found as the backup has them. */
export interface RestoreSummary {
  readonly written: number;
  readonly removed: number;
  readonly unchanged: number;
}

/** What a backup file is of. */
export interface BackupSummary {
  readonly budgetId: BudgetId;
  /** In ms since the Unix epoch, by the clock of the device that made it. */
  readonly createdAt: number;
  /** How many records it holds, by collection. */
  readonly records: ReadonlyMap<string, number>;
  /** Edits that had not reached the log, which are in the records, and those that it had refused. */
  readonly pendingEdits: number;
  readonly rejectedEdits: number;
  /** Uids and roles of the members at that time. */
  readonly members: ReadonlyMap<string, string>;
}

export interface BudgetBackupDeps {
  readonly budgetId: BudgetId;
  readonly replica: Replica;
  readonly clock: CorrectedClock;
  readonly random: Random;
}

/** Backups of one budget. */
export class BudgetBackup {
  readonly #deps: BudgetBackupDeps;

  constructor(deps: BudgetBackupDeps) {
    this.#deps = deps;
  }

  async make(options: BackupOptions): Promise<Uint8Array> {
    const passphrase = requirePassphrase(options);
    const { budgetId, replica, clock, random } = this.#deps;
    const rejected = await replica.outbox.rejected();
    if (!rejected.ok) throw toSealsyncError(rejected.error);
    const content = readContent(replica, rejected.value);
    const createdAt = clock.now();
    const sealed = await sealBackup({ budgetId, createdAt, content, passphrase, random });
    if (!sealed.ok) throw toError(sealed.error);
    return sealed.value;
  }

  /** Nothing is touched before the whole file is known to be good. */
  async restore(bytes: Uint8Array, options: RestoreOptions): Promise<RestoreSummary> {
    const { budgetId, replica } = this.#deps;
    const passphrase = requirePassphrase(options);
    const { mode = 'merge', allowOtherBudget = false, onProgress, signal } = options;
    if (!MODES.has(mode)) {
      throw new SealsyncError('bad_input', `mode is ${[...MODES].join(' or ')}.`);
    }
    const { header, content } = await open(bytes, passphrase);
    if (header.budgetId !== budgetId && !allowOtherBudget) {
      const message =
        'This backup is of another budget, and nothing was changed: allow that first.';
      throw new SealsyncError('backup_foreign', message);
    }
    const now = readCollections(replica);
    const plan = planRestore(content.collections, now, mode === 'replace');
    const total = plan.written + plan.removed;
    let done = 0;
    onProgress?.(done, total);
    for (const ops of plan.parts) {
      if (signal?.aborted) {
        throw new SealsyncError('deadline', 'Restoring was cancelled: call it again to go on.');
      }
      // Schemas are not asked: what does not fit them was there before, and is not dropped.
      const edited = await replica.edit(ops);
      if (!edited.ok) throw toEditFailure(edited.error);
      done += ops.filter(({ type }) => type !== 'set').length;
      onProgress?.(done, total);
    }
    const { written, removed, unchanged } = plan;
    return { written, removed, unchanged };
  }

  exportJson(): string {
    const { budgetId, replica, clock } = this.#deps;
    return writeJson(budgetId, clock.now(), readCollections(replica));
  }
}

/** What a backup file holds, for whoever has its passphrase; libsodium must be loaded. */
export async function summarizeBackup(
  bytes: Uint8Array,
  options: BackupOptions,
): Promise<BackupSummary> {
  const { header, content } = await open(bytes, requirePassphrase(options));
  const { collections, pending, rejected, members } = content;
  return {
    budgetId: header.budgetId,
    createdAt: header.createdAt,
    records: new Map([...collections].map(([name, records]) => [name, records.length])),
    pendingEdits: pending.length,
    rejectedEdits: rejected.length,
    members,
  };
}

async function open(bytes: Uint8Array, passphrase: string): Promise<OpenedBackup> {
  const given: unknown = bytes;
  if (!(given instanceof Uint8Array)) {
    throw new SealsyncError('bad_input', 'A backup is a Uint8Array: the bytes of its file.');
  }
  const opened = await openBackup(bytes, passphrase);
  if (opened.ok) return opened.value;
  throw toError(opened.error);
}

/** Checked, for those who call without types: a word that is not known must not mean `merge`. */
const MODES: ReadonlySet<string> = new Set(['merge', 'replace']);

function requirePassphrase(options: BackupOptions): string {
  const given: unknown = options;
  const isObject = typeof given === 'object' && given !== null;
  const passphrase: unknown = isObject ? Reflect.get(given, 'passphrase') : undefined;
  if (typeof passphrase === 'string') return passphrase;
  throw new SealsyncError('bad_input', 'This takes an object with a passphrase, a string.');
}

type Failure = OpenBackupError | SealBackupError;

const KINDS: Readonly<Record<Failure['kind'], SealsyncErrorKind>> = {
  backup_damaged: 'backup_damaged',
  backup_newer: 'backup_newer',
  wrong_passphrase: 'wrong_passphrase',
  weak_passphrase: 'weak_passphrase',
  too_large: 'too_large',
  kdf_failed: 'failed',
};

const toError = ({ kind, message }: Failure & { readonly message: string }): SealsyncError =>
  new SealsyncError(KINDS[kind], message);
