import { bytesToHex } from '@noble/hashes/utils.js';
import { verifyHeadHint } from '../crypto/head-hint.js';
import type { IncomingSignal } from '../ports/signal-channel.js';
import type { ConfirmedLog } from './log-position.js';
import type { EpochKeys } from './verify-entry.js';

/**
 * - `pull`: a member says that there is more than this device has.
 * - `contested`: a member says that the log ends in another entry than this device has verified.
 * - `unproven`: anybody may have made it; worth a pull now and then.
 * - `ignore`: nothing to do.
 */
export type HintVerdict = 'pull' | 'contested' | 'unproven' | 'ignore';

type HeadSignal = Extract<IncomingSignal, { type: 'data_changed' }>;

/** Decides what a signal is worth. A signal is a hint: it never changes what is trusted. */
export class HintJudge {
  readonly #confirmed: ConfirmedLog;
  readonly #keys: EpochKeys;
  #forged = 0;
  /** Heard before anything was verified, so that nothing could be said of it. */
  #early: HeadSignal | undefined;

  constructor(confirmed: ConfirmedLog, keys: EpochKeys) {
    this.#confirmed = confirmed;
    this.#keys = keys;
  }

  /** How many head tags were ignored because no member can have made them. */
  get forgedHints(): number {
    return this.#forged;
  }

  judge(signal: IncomingSignal): HintVerdict {
    switch (signal.type) {
      case 'data_changed':
        return this.#judgeHead(signal);
      case 'sync_required':
      case 'membership_changed':
        return 'unproven';
      case 'system':
        return signal.notice === 'pull_when_back' ? 'unproven' : 'ignore';
      default:
        return 'ignore';
    }
  }

  /** Judges what came too early, once there is something to judge it by. */
  judgeEarly(): HintVerdict {
    const early = this.#early;
    this.#early = undefined;
    return early ? this.#judgeHead(early) : 'ignore';
  }

  #judgeHead(hint: HeadSignal): HintVerdict {
    const { seq, hash, epoch, kid } = this.#confirmed.position;
    if (!kid) {
      this.#early = hint;
      return 'ignore';
    }
    const key = hint.epoch === epoch ? this.#keys.find(epoch, kid) : undefined;
    // An epoch that this device has not reached: it cannot tell, and an old one is no news.
    if (!key) return hint.epoch < epoch ? 'ignore' : 'unproven';
    if (!verifyHeadHint(hint, key)) {
      this.#forged += 1;
      return 'ignore';
    }
    if (hint.seq !== seq) return hint.seq > seq ? 'pull' : 'ignore';
    return hint.head8 === bytesToHex(hash.subarray(0, 8)) ? 'ignore' : 'contested';
  }
}
