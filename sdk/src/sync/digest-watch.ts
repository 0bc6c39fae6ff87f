import type { DigestStatement } from '../model/membership.js';
import type { ConfirmedLog, EntryEffects } from './confirmed-log.js';
import { isDisputed, type VerifiedEntry } from './log-position.js';
import { isDigestStatement } from '../model/membership.js';
import type { SecurityEvent } from './security-event.js';

/** What a verified entry says of the state, if that is what it is about. */
export const digestStatementOf = ({ body }: VerifiedEntry): DigestStatement | undefined =>
  body.statements.find(isDigestStatement);

/**
 * Compares what members state of the log's state with what this device has folded. Where the two
 * differ, either the member is wrong, or the snapshot that this device started from.
 */
export class DigestWatch {
  readonly #confirmed: ConfirmedLog;
  readonly #uid: string;
  readonly #report: (event: SecurityEvent, about: string) => void;
  /** Digests that this device has folded otherwise and has not told of yet. */
  readonly #untold = new Set<number>();
  /** Snapshots that nothing more is begun with, by the positions of their digests. */
  readonly distrusted: Set<number> = new Set();
  /** Digests that contradict the snapshot that this device started from, and who stated them. */
  readonly #contested = new Map<number, string>();
  /** Whose word was held against the log, and was wrong: it costs nobody another look. */
  readonly #refuted = new Set<string>();
  #doubtedBase: number | undefined;

  constructor(
    confirmed: ConfirmedLog,
    uid: string,
    report: (event: SecurityEvent, about: string) => void,
  ) {
    this.#confirmed = confirmed;
    this.#uid = uid;
    this.#report = report;
    if (confirmed.attested) return;
    // Found before the app was closed, and maybe not told of then.
    for (const seq of confirmed.misstated) {
      this.distrusted.add(seq);
      this.#untold.add(seq);
    }
  }

  /** To be called with every entry that was folded. */
  sawEntry(entry: VerifiedEntry, effects: Pick<EntryEffects, 'digestIsSame'>): void {
    const statement = digestStatementOf(entry);
    if (statement?.type === 'state_digest' && effects.digestIsSame === false) {
      this.#differs(entry);
    }
    if (statement?.type === 'digest_disputed') this.#disputed(statement.seq, entry.author);
  }

  /** Somebody contradicts the snapshot that this device started from. */
  get isBaseDoubted(): boolean {
    return this.#doubtedBase !== undefined;
  }

  /**
   * The log was folded without the doubted snapshot: whether it comes to the same. Left out where
   * that was not possible.
   */
  settleDoubt(isBaseRight?: boolean): void {
    if (isBaseRight && this.#doubtedBase !== undefined) this.distrusted.delete(this.#doubtedBase);
    for (const [seq, by] of this.#contested) {
      if (!isBaseRight) continue;
      this.#refuted.add(by);
      if (seq !== this.#doubtedBase) this.#untold.add(seq);
    }
    if (isBaseRight === false) {
      // What was held against a false snapshot need not be false.
      for (const seq of this.#contested.keys()) {
        if (seq !== this.#doubtedBase) this.distrusted.delete(seq);
      }
    }
    this.#contested.clear();
    this.#doubtedBase = undefined;
  }

  /** Positions to dispute that nobody has disputed yet. */
  get disputes(): readonly number[] {
    const { digests } = this.#confirmed.position;
    return [...this.#untold].filter((seq) => !isDisputed(digests, seq));
  }

  #differs({ author, after }: VerifiedEntry): void {
    const { attested } = this.#confirmed;
    const message = `A digest of the budget that ${author} signed is not what this device has folded; snapshots of it are not used.`;
    this.#report({ kind: 'snapshot_disputed', seq: after.seq, message }, String(after.seq));
    // Nor is it what the log is folded anew from, to find out who is right.
    this.distrusted.add(after.seq);
    const isOther = attested && attested.author !== author && author !== this.#uid;
    if (isOther && !this.#refuted.has(author)) this.#doubtBase(attested.seq, after.seq, author);
    else this.#untold.add(after.seq);
  }

  #disputed(seq: number, by: string): void {
    this.distrusted.add(seq);
    if (by === this.#uid) return;
    const message = `${by} disputes a digest of the budget; snapshots of it are not used.`;
    this.#report({ kind: 'snapshot_disputed', seq, message }, `${String(seq)} ${by}`);
    const isBase = this.#confirmed.attested?.seq === seq;
    if (isBase && !this.#refuted.has(by)) this.#doubtBase(seq, seq, by);
  }

  #doubtBase(base: number, contested: number, by: string): void {
    this.distrusted.add(base);
    this.#doubtedBase = base;
    this.#contested.set(contested, by);
  }
}
