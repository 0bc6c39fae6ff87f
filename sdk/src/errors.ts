const KINDS = [
  'bad_config',
  'bad_input',
  'record_missing',
  'invalid_record',
  'too_large',
  'closed',
  'access_denied',
  'removed',
  'budget_deleted',
  'sign_in_again',
  'last_owner',
  'already_member',
  'invite_malformed',
  'invite_unknown',
  'invite_used',
  'invite_expired',
  'invite_revoked',
  'not_genuine',
  'offline',
  'deadline',
  'quota',
  'unauthenticated',
  'upgrade_required',
  'key_missing',
  'log_halted',
  'store_unavailable',
  'store_full',
  'store_foreign',
  'store_newer',
  'store_corrupt',
  'wrong_secret',
  'weak_passphrase',
  'weak_parameters',
  'locked',
  'last_slot',
  'keyslots_exist',
  'keyslots_missing',
  'keyslots_changed',
  'rotation_pending',
  'passkey_unsupported',
  'passkey_cancelled',
  'passkey_exists',
  'passkey_missing',
  'backup_damaged',
  'backup_newer',
  'backup_foreign',
  'wrong_passphrase',
  'failed',
] as const;

/** Why a call failed. Every kind says in its message what to do next. */
export type SealsyncErrorKind = (typeof KINDS)[number];

const RETRYABLE: ReadonlySet<SealsyncErrorKind> = new Set([
  'offline',
  'deadline',
  'quota',
  'failed',
]);

/** What a collection's schema says against a record. */
export interface RecordIssue {
  /** Where in the record, such as `amount.splits.0.minor`; empty for the record as a whole. */
  readonly path: string;
  /** The schema's own words. */
  readonly message: string;
}

/** The one class that the public API throws. */
export class SealsyncError extends Error {
  override readonly name = 'SealsyncError';
  readonly kind: SealsyncErrorKind;
  /** Of `invalid_record`: what the schema says, field by field; empty for every other kind. */
  readonly issues: readonly RecordIssue[];

  constructor(
    kind: SealsyncErrorKind,
    message: string,
    { issues = [], ...options }: ErrorOptions & { readonly issues?: readonly RecordIssue[] } = {},
  ) {
    super(message, options);
    this.kind = kind;
    this.issues = issues;
  }

  /** Whether the same call may succeed later without the app changing anything. */
  get retryable(): boolean {
    return RETRYABLE.has(this.kind);
  }
}

export const isSealsyncError = (error: unknown): error is SealsyncError =>
  error instanceof SealsyncError;

export const isSealsyncErrorKind = (kind: unknown): kind is SealsyncErrorKind =>
  KINDS.some((known) => known === kind);
