import type { HeadHint } from '@sealsync/protocol';
import type { Clock } from '../ports/clock.js';
import { CommitPace } from './commit-pace.js';
import { NamedTimers } from './named-timers.js';

export interface EarlyHintsDeps {
  readonly clock: Clock;
  /** To the signaling server and back, in ms; undefined while nobody knows. */
  readonly roundTripMs: () => number | undefined;
  readonly send: (hint: HeadHint) => void;
}

/**
 * Called when a push commits; `makeHint` tells what peers may be told of it early. Returns what is
 * to be called once the commit has ended, with whether the log has taken it.
 */
export type WatchCommit = (makeHint: () => HeadHint | undefined) => (wasTaken: boolean) => void;

/** Below this there is nothing to gain that anybody would notice. */
const MIN_ROUND_TRIP_MS = 10;

/**
 * Tells peers of a head while its commit is under way, so late that their reads find it: they
 * read when the commit is answered, and not a signal's way after that. One hint for a commit.
 */
export class EarlyHints {
  readonly #deps: EarlyHintsDeps;
  readonly #pace: CommitPace = new CommitPace();
  readonly #timers: NamedTimers<'send'>;

  constructor(deps: EarlyHintsDeps) {
    this.#deps = deps;
    this.#timers = new NamedTimers(deps.clock);
  }

  readonly watchCommit: WatchCommit = (makeHint) => {
    const { clock, send } = this.#deps;
    const startMs = clock.now();
    const delayMs = this.#delayMs();
    // Made now, since by then the keys may have been wiped.
    const hint = delayMs === undefined ? undefined : makeHint();
    if (hint && delayMs !== undefined) {
      this.#timers.set('send', delayMs, () => {
        send(hint);
      });
    }
    return (wasTaken) => {
      this.#timers.clear('send');
      if (wasTaken) this.#pace.note(clock.now() - startMs);
    };
  };

  #delayMs(): number | undefined {
    const { usualMs } = this.#pace;
    const roundTripMs = this.#deps.roundTripMs();
    if (usualMs === undefined || roundTripMs === undefined) return undefined;
    return roundTripMs < MIN_ROUND_TRIP_MS ? undefined : Math.max(0, usualMs - roundTripMs);
  }

  /** A commit that nobody waits for any more is announced by nobody. */
  stop(): void {
    this.#timers.clearAll();
  }
}
