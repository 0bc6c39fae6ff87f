import type { DigestStatement } from '../model/membership.js';
import type { ConfirmedLog, EntryEffects } from './confirmed-log.js';
import type { VerifiedEntry } from './log-position.js';
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
  /** The snapshot that this device started from is one of them. */
  isBaseDoubted = false;

  constructor(
    confirmed: ConfirmedLog,
    uid: string,
    report: (event: SecurityEvent, about: string) => void,
  ) {
    this.#confirmed = confirmed;
    this.#uid = uid;
    this.#report = report;
  }

  /** To be called with every entry that was folded. */
  sawEntry(entry: VerifiedEntry, effects: Pick<EntryEffects, 'digestIsSame'>): void {
    const statement = digestStatementOf(entry);
    if (statement?.type === 'state_digest' && effects.digestIsSame === false) {
      this.#differs(entry);
    }
    if (statement?.type === 'digest_disputed') this.#disputed(statement.seq, entry.author);
  }

  /** Positions to dispute that nobody has disputed yet. */
  get disputes(): readonly number[] {
    const { disputed } = this.#confirmed.position.digests;
    return [...this.#untold].filter((seq) => !disputed.includes(seq));
  }

  #differs({ author, after }: VerifiedEntry): void {
    const { attested } = this.#confirmed;
    const message = `A digest of the budget that ${author} signed is not what this device has folded; snapshots of it are not used.`;
    this.#report({ kind: 'snapshot_disputed', seq: after.seq, message }, String(after.seq));
    if (attested && attested.author !== author && author !== this.#uid) {
      this.#doubtBase(attested.seq);
    } else {
      this.distrusted.add(after.seq);
      this.#untold.add(after.seq);
    }
  }

  #disputed(seq: number, by: string): void {
    this.distrusted.add(seq);
    if (by === this.#uid) return;
    const message = `${by} disputes a digest of the budget; snapshots of it are not used.`;
    this.#report({ kind: 'snapshot_disputed', seq, message }, `${String(seq)} ${by}`);
    if (this.#confirmed.attested?.seq === seq) this.#doubtBase(seq);
  }

  #doubtBase(seq: number): void {
    this.distrusted.add(seq);
    this.isBaseDoubted = true;
  }
}
