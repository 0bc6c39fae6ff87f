import { bytesToHex } from '@noble/hashes/utils.js';
import { verifyHeadHint } from '../crypto/head-hint.js';
import type { IncomingSignal } from '../ports/signal-channel.js';
import type { ConfirmedLog } from './confirmed-log.js';
import type { EpochKeys } from './verify-entry.js';

/**
 * - `pull`: a member says that there is more than this device has.
 * - `contested`: a member says that the log holds another entry than this device has verified;
 *   worth a pull now and then, once for each position.
 * - `unproven`: anybody may have made it; worth a pull now and then.
 * - `ignore`: nothing to do.
 */
export type HintVerdict = 'pull' | 'contested' | 'unproven' | 'ignore';

type HeadSignal = Extract<IncomingSignal, { type: 'data_changed' }>;

/** How many heads of members are kept until the log reaches them. */
const MAX_AHEAD = 16;
/** More than any commit appends. */
const MAX_EARLY_AHEAD = 64;

/** Decides what a signal is worth. A signal is a hint: it never changes what is trusted. */
export class HintJudge {
  readonly #confirmed: ConfirmedLog;
  readonly #keys: EpochKeys;
  /** Genuine heads beyond the verified one, by position. */
  readonly #ahead = new Map<number, string>();
  /** Up to here a pull has looked and found less: such hints are worth no further hurry. */
  #lookedForSeq = 0;
  /** Positions looked at already: whoever holds the key can make any number of tags for each. */
  readonly #contested = new Set<number>();
  /** Positions beyond the verified one that an early hint has had read already. */
  readonly #promised = new Set<number>();
  /** Heard before anything was verified, so that nothing could be said of it. */
  #unjudged: HeadSignal | undefined;

  constructor(confirmed: ConfirmedLog, keys: EpochKeys) {
    this.#confirmed = confirmed;
    this.#keys = keys;
  }

  judge(signal: IncomingSignal): HintVerdict {
    switch (signal.type) {
      case 'data_changed':
        return signal.early ? this.#judgePromise(signal) : this.#judgeHead(signal);
      case 'sync_required':
      case 'membership_changed':
        return 'unproven';
      case 'system':
        return signal.notice === 'pull_when_back' ? 'unproven' : 'ignore';
      default:
        return 'ignore';
    }
  }

  /** To be called after every pull: holds what members said against what was found. */
  judgeAfterPull(): HintVerdict {
    const { seq } = this.#confirmed.position;
    let verdict: HintVerdict = 'ignore';
    for (const [ahead, head8] of this.#ahead) {
      if (ahead > seq) {
        this.#lookedForSeq = Math.max(this.#lookedForSeq, ahead);
        continue;
      }
      this.#ahead.delete(ahead);
      if (this.#contests(ahead, head8)) verdict = 'contested';
    }
    for (const promised of this.#promised) if (promised <= seq) this.#promised.delete(promised);
    const unjudged = this.#unjudged;
    this.#unjudged = undefined;
    return unjudged && verdict === 'ignore' ? this.#judgeHead(unjudged) : verdict;
  }

  /**
   * A head whose commit is under way and may lose. Worth one pull, and nothing is kept of what it
   * says: that another entry took its place is no sign of another history.
   */
  #judgePromise(hint: HeadSignal): HintVerdict {
    const { seq, epoch, kid } = this.#confirmed.position;
    if (hint.seq <= seq || hint.seq > seq + MAX_EARLY_AHEAD) return 'ignore';
    if (this.#promised.has(hint.seq)) return 'ignore';
    const key = kid && hint.epoch === epoch ? this.#keys.find(epoch, kid) : undefined;
    if (!key || !verifyHeadHint(hint, key)) return 'ignore';
    this.#promised.add(hint.seq);
    return 'pull';
  }

  #judgeHead(hint: HeadSignal): HintVerdict {
    const { seq, epoch, kid } = this.#confirmed.position;
    if (!kid) {
      this.#unjudged = hint;
      return 'ignore';
    }
    const key = hint.epoch === epoch ? this.#keys.find(epoch, kid) : undefined;
    // An epoch that this device has not reached: it cannot tell, and an old one is no news.
    if (!key) return hint.epoch < epoch ? 'ignore' : 'unproven';
    if (!verifyHeadHint(hint, key)) return 'ignore';
    if (hint.seq <= seq) return this.#contests(hint.seq, hint.head8) ? 'contested' : 'ignore';
    this.#rememberAhead(hint);
    return hint.seq <= this.#lookedForSeq ? 'unproven' : 'pull';
  }

  #contests(seq: number, head8: string): boolean {
    const hash = this.#confirmed.hashAt(seq);
    if (!hash || bytesToHex(hash.subarray(0, 8)) === head8) return false;
    if (this.#contested.has(seq)) return false;
    this.#contested.add(seq);
    return true;
  }

  #rememberAhead({ seq, head8 }: HeadSignal): void {
    this.#ahead.set(seq, head8);
    if (this.#ahead.size <= MAX_AHEAD) return;
    // The furthest is the least likely ever to be reached.
    this.#ahead.delete(Math.max(...this.#ahead.keys()));
  }
}
