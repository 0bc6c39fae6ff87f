import { equalBytes } from '../bytes.js';
import { hashFrame } from '../crypto/frame.js';
import { makeHeadHint } from '../crypto/head-hint.js';
import type { Identity } from '../crypto/identity.js';
import type { EntryBody } from '../model/body.js';
import type { BudgetId, DeviceId } from '../model/ids.js';
import { mayWrite } from '../model/roles.js';
import type { Clock } from '../ports/clock.js';
import type { Random } from '../ports/random.js';
import type { BudgetDocument, RemoteLog, StoredEntry } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { HeadHint } from '@sealsync/protocol';
import type { CorrectedClock } from './corrected-clock.js';
import type { LogPosition } from './log-position.js';
import { positionAfter, pullLog, quarantine, type LogHalted } from './pull-log.js';
import type { Replica } from './replica.js';
import { planBodies, sealEntries, type SealedEntry } from './seal-edits.js';
import type { SyncFailure } from './sync-failure.js';
import type { EpochKeys } from './verify-entry.js';
import { sleep } from './sleep.js';

export interface LogSessionDeps {
  readonly log: RemoteLog;
  readonly budgetId: BudgetId;
  readonly keys: EpochKeys;
  readonly identity: Identity;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly corrected: CorrectedClock;
  readonly random: Random;
  /** Called for every entry that another device appended. */
  readonly onPeerEntry: (device: DeviceId, ageMs: number) => void;
}

/** What to append at a given end of the log; `undefined` once there is nothing left to append. */
interface Plan {
  readonly bodies: readonly EntryBody[];
  readonly members?: BudgetDocument['members'];
}

/** A clock further off than this is corrected; the rules allow ten minutes. */
const MAX_CLOCK_ERROR_MS = 60_000;
/** Whoever lost a race tries again almost at once; it is the winners who wait. */
const LOST_RACE_JITTER_MS = 30;

/** Reads and appends for one budget, one call at a time; scheduling is the orchestrator's. */
export class LogSession {
  readonly #deps: LogSessionDeps;
  #suspects: readonly StoredEntry[] = [];

  constructor(deps: LogSessionDeps) {
    this.#deps = deps;
  }

  /** What peers may be told of the end of the log, once there is one. */
  headHint(): HeadHint | undefined {
    const { seq, hash, epoch, kid } = this.#deps.replica.confirmed.position;
    const epochKey = kid && this.#deps.keys.find(epoch, kid);
    return epochKey && makeHeadHint({ seq, headHash: hash, epochKey });
  }

  async pull(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { replica } = this.#deps;
    const pulled = await pullLog(
      {
        ...this.#deps,
        confirmed: replica.confirmed,
        onFolded: (effects, entry) => {
          replica.takeEffects(effects, entry);
          const { corrected, onPeerEntry } = this.#deps;
          if (entry.device === replica.outbox.device) return;
          onPeerEntry(entry.device, corrected.now() - entry.t);
        },
        onSecurity: (event) => {
          replica.security.tell(event);
        },
      },
      signal,
    );
    if (!pulled.ok) return pulled;
    this.#suspects = pulled.value.suspects;
    return replica.settle();
  }

  /**
   * A member speaks of another head at the same position. Looks again; if the server
   * still shows the verified one, the two are shown different histories.
   */
  async settleContest(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const head = await this.#checkHead(signal);
    if (!head.ok) return head;
    this.#deps.replica.security.tell({
      kind: 'fork',
      seq: this.#deps.replica.confirmed.position.seq,
      message: 'Another member is shown another history; compare the head with them in person.',
    });
    return this.pull(signal);
  }

  /** Appends everything that is pending; returns how many entries it took. */
  pushPending(signal?: AbortSignal): Promise<Result<number, SyncFailure>> {
    const { outbox } = this.#deps.replica;
    return this.append(
      () => (outbox.size > 0 ? { bodies: planBodies(outbox.pending()) } : undefined),
      signal,
    );
  }

  /**
   * Appends what `plan` asks for until it asks for nothing, planning anew behind
   * whatever others appended meanwhile. Returns the number of entries appended.
   */
  async append(
    plan: (position: LogPosition) => Plan | undefined,
    signal?: AbortSignal,
  ): Promise<Result<number, SyncFailure>> {
    const { log, replica } = this.#deps;
    let appended = 0;
    for (;;) {
      const settled = await replica.settle();
      if (!settled.ok) return settled;
      const planned = plan(replica.confirmed.position);
      if (!planned) return ok(appended);
      const sealed = this.#seal(planned.bodies);
      if (!sealed.ok) return sealed;
      const entries = sealed.value.map(({ entry }) => entry);
      const taken = await log.append(entries, planned.members, signal);
      if (taken.ok) {
        this.#foldOwn(sealed.value);
        appended += entries.length;
        continue;
      }
      if (taken.error.kind !== 'denied') return taken;
      const cleared = await this.#clearDenial(signal);
      if (!cleared.ok) return cleared;
    }
  }

  #seal(bodies: readonly EntryBody[]): Result<SealedEntry[], LogHalted> {
    const { keys, replica, corrected, identity, random } = this.#deps;
    const { position } = replica.confirmed;
    const epochKey = position.kid && keys.find(position.epoch, position.kid);
    if (!epochKey) {
      const message = 'The key of the current epoch is not on this device.';
      return err({ kind: 'key_missing', seq: position.seq, message });
    }
    const sealing = { device: replica.outbox.device, epochKey, t: corrected.now() };
    const before = positionAfter(position, this.#suspects);
    return ok(sealEntries(bodies, before, sealing, { identity, random }));
  }

  #foldOwn(sealed: readonly SealedEntry[]): void {
    const { replica } = this.#deps;
    quarantine(
      {
        confirmed: replica.confirmed,
        onSecurity: (event) => {
          replica.security.tell(event);
        },
      },
      this.#suspects,
    );
    this.#suspects = [];
    for (const { verified } of sealed) {
      replica.takeEffects(replica.confirmed.fold(verified), verified);
    }
  }

  /** A denial is ambiguous. Finds out which it was; `ok` means that another try makes sense. */
  async #clearDenial(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { replica, clock, random } = this.#deps;
    const endBefore = this.#endOfLog();
    const pulled = await this.pull(signal);
    if (!pulled.ok) return pulled.error.kind === 'denied' ? this.#loseAccess() : pulled;
    if (this.#endOfLog() > endBefore || replica.outbox.size === 0) {
      await sleep(clock, random.fraction() * LOST_RACE_JITTER_MS, signal);
      return ok();
    }
    const head = await this.#checkHead(signal);
    if (!head.ok) return head;
    const rights = await this.#checkRights(signal);
    if (!rights.ok) return rights;
    return this.#checkClock(signal);
  }

  #endOfLog(): number {
    return this.#deps.replica.confirmed.position.seq + this.#suspects.length;
  }

  /** Nothing new is there: does the server still hold what this device has verified? */
  async #checkHead(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { log, replica } = this.#deps;
    const { seq, hash } = replica.confirmed.position;
    const read = await log.read({ after: seq - 1, limit: 1 }, signal);
    if (!read.ok) return read;
    const head = read.value[0];
    if (head?.seq === seq && equalBytes(hashFrame(head.frame), hash)) return ok();
    const kind = head?.seq === seq ? 'fork' : 'rollback';
    const message = 'The server no longer shows the verified head of the log; syncing stops.';
    replica.security.tell({ kind, seq, message });
    return err({ kind: 'log_halted', seq, message });
  }

  async #checkRights(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { log, identity } = this.#deps;
    const budget = await log.readBudget(signal);
    if (!budget.ok) return budget.error.kind === 'denied' ? this.#loseAccess() : budget;
    const role = budget.value.members[identity.uid];
    return role && mayWrite(role) && !budget.value.deleted ? ok() : this.#loseAccess();
  }

  async #checkClock(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const serverTime = await this.#deps.log.serverTime(signal);
    if (!serverTime.ok) return serverTime;
    if (this.#deps.corrected.correct(serverTime.value) > MAX_CLOCK_ERROR_MS) return ok();
    const message = 'Firestore refuses the change for a reason that the rules do not explain.';
    return err({ kind: 'failed', message });
  }

  /** Refused for good: the edits are kept apart, for the app to show and export. */
  async #loseAccess(): Promise<Result<never, SyncFailure>> {
    const rejected = await this.#deps.replica.rejectPending();
    if (!rejected.ok) return rejected;
    const message = 'This user may no longer write to the budget; see rejectedEdits().';
    return err({ kind: 'access_denied', message });
  }
}
