import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { makeHeadHint } from '../crypto/head-hint.js';
import type { Identity } from '../crypto/identity.js';
import type { EntryBody } from '../model/body.js';
import type { BudgetId, DeviceId } from '../model/ids.js';
import { mayWrite } from '../model/roles.js';
import type { Clock } from '../ports/clock.js';
import type { Random } from '../ports/random.js';
import type { StoreError } from '../ports/local-store.js';
import type { BudgetChange, RemoteError, RemoteLog, StoredEntry } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { HeadHint } from '@sealsync/protocol';
import type { CorrectedClock } from './corrected-clock.js';
import type { DigestWatch } from './digest-watch.js';
import type { WatchCommit } from './early-hints.js';
import { ConfirmedLog, type EntryEffects } from './confirmed-log.js';
import type { LogPosition, VerifiedEntry } from './log-position.js';
import type { LogStart, ReadAhead } from './log-start.js';
import type { OwnIdentities } from './own-identities.js';
import { confirmHead, positionAfter, pullLog, quarantine, type Landmarks } from './pull-log.js';
import type { Replica } from './replica.js';
import { PushProgress } from './push-progress.js';
import { ReadProgress } from './read-progress.js';
import type { SecurityEvent } from './security-event.js';
import { planBodies, sealEntries, type SealedEntry } from './seal-edits.js';
import { digestConfirmed } from './state-digest.js';
import type { MembershipEnd, Standing } from './standing.js';
import { endedFailure, type SyncFailure } from './sync-failure.js';
import { LogTally } from './sync-metrics.js';
import type { SyncProgress } from './sync-progress.js';
import type { EpochKeys } from './verify-entry.js';
import { sleep } from './sleep.js';

export interface LogSessionDeps {
  readonly log: RemoteLog;
  readonly budgetId: BudgetId;
  readonly keys: EpochKeys;
  readonly identities: OwnIdentities;
  /** Where the log must pass; asked before every pull, so that nothing is read without. */
  readonly landmarks: (signal?: AbortSignal) => Promise<Result<Landmarks, SyncFailure>>;
  /** Called with the hash of the first entry after every pull that knows it. */
  readonly keepGenesis: (genesisHash: Uint8Array) => Promise<Result<void, StoreError>>;
  readonly standing: Standing;
  readonly start: LogStart;
  readonly digests: DigestWatch;
  /** This device has just created the budget: nobody has taken a snapshot of it. */
  readonly isNew: boolean;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly corrected: CorrectedClock;
  readonly random: Random;
  /** Called for every entry that another device appended. */
  readonly onPeerEntry: (device: DeviceId, ageMs: number) => void;
  /** Called while reading or appending takes more than one request. */
  readonly onProgress?: (progress: SyncProgress) => void;
}

/** What to append at a given end of the log. */
export interface Plan {
  readonly bodies: readonly EntryBody[];
  readonly change?: BudgetChange;
  /** The key that the first of the entries starts an epoch with. */
  readonly epochKey?: EpochKey;
  /** The first of the entries makes a member of this user. */
  readonly joins?: true;
}

/** A plan for the end of the log as it is; `undefined` once there is nothing left to append. */
export type MakePlan = (position: LogPosition) => Result<Plan | undefined, SyncFailure>;

/** A clock further off than this is corrected; the rules allow ten minutes. */
const MAX_CLOCK_ERROR_MS = 60_000;
/** Whoever lost a race tries again almost at once; it is the winners who wait. */
const LOST_RACE_JITTER_MS = 30;
/** So many rounds in a row have to be denied before pending edits are given up. */
const LASTING_DENIALS = 3;

/** Reads and appends for one budget, one call at a time; scheduling is the orchestrator's. */
export class LogSession {
  readonly #deps: LogSessionDeps;
  #suspects: readonly StoredEntry[] = [];
  /** Rounds in a row in which even reading was denied. */
  #denials = 0;
  #mendsEpoch = false;
  readonly tally: LogTally = new LogTally();
  #lastOwnSeq = 0;

  constructor(deps: LogSessionDeps) {
    this.#deps = deps;
  }

  /** What peers may be told of the end of the log, once there is one. */
  headHint(): HeadHint | undefined {
    return this.#hintAt(this.#deps.replica.confirmed.position);
  }

  #hintAt({ seq, hash, epoch, kid }: LogPosition, early?: true): HeadHint | undefined {
    const epochKey = kid && this.#deps.keys.find(epoch, kid);
    return epochKey && makeHeadHint({ seq, headHash: hash, epochKey, early });
  }

  /** Position of the end of the log, as far as it was verified; 0 before the first entry. */
  get verifiedSeq(): number {
    return this.#deps.replica.confirmed.position.seq;
  }

  /**
   * Reads to the end of the log. With `checkHead` it reads the verified head again as
   * well, so that a log that was cut back is noticed even when nothing is to be appended.
   */
  async pull(signal?: AbortSignal, checkHead = false): Promise<Result<void, SyncFailure>> {
    const { start, replica, isNew } = this.#deps;
    const isFresh = replica.confirmed.position.seq === 0 && !isNew;
    const [landmarks, listed] = await Promise.all([
      this.#deps.landmarks(signal),
      isFresh ? start.list(signal) : ok([]),
    ]);
    if (!landmarks.ok) return landmarks;
    // Where even this is denied, reading the log finds out why.
    if (!listed.ok && listed.error.kind !== 'denied') return listed;
    const begun = listed.ok
      ? await start.begin(landmarks.value, listed.value, signal)
      : ok(undefined);
    if (!begun.ok) return begun;
    const pulled = await this.#pullFrom(landmarks.value, checkHead, begun.value, signal);
    if (!pulled.ok || !this.#deps.digests.isBaseDoubted) return pulled;
    return this.#rebuild(landmarks.value, signal);
  }

  async #pullFrom(
    landmarks: Landmarks,
    checkHead: boolean,
    readAhead: ReadAhead | undefined,
    signal?: AbortSignal,
  ): Promise<Result<void, SyncFailure>> {
    const { replica, keepGenesis } = this.#deps;
    const found: SecurityEvent[] = [];
    const progress = new ReadProgress(this.#deps, replica.confirmed.position.seq);
    const pulled = await pullLog(
      {
        ...this.#deps,
        landmarks,
        checkHead: checkHead || readAhead !== undefined,
        readAhead,
        confirmed: replica.confirmed,
        onFolded: (effects, entry) => {
          this.#tookEntry(effects, entry);
          const { corrected, onPeerEntry } = this.#deps;
          if (entry.device === replica.outbox.device) return;
          onPeerEntry(entry.device, corrected.now() - entry.t);
        },
        onSkipped: (entry) => {
          replica.noteSkipped(entry);
        },
        keep: () => replica.settle(),
        onSecurity: (event) => {
          found.push(event);
        },
        onPage: (page) => {
          this.tally.entriesRead += page.entries;
          return progress.readPage(page, signal);
        },
      },
      signal,
    );
    if (!pulled.ok && found.some(({ kind }) => kind === 'rollback' || kind === 'gap')) {
      const continued = await this.#deps.start.continueBehindFloor(landmarks, signal);
      if (!continued.ok && continued.error.kind !== 'denied') return continued;
      if (continued.ok && continued.value)
        return this.#pullFrom(landmarks, false, undefined, signal);
    }
    if (!pulled.ok && pulled.error.kind === 'denied') {
      return this.#explainDenial(pulled.error, signal);
    }
    if (!pulled.ok && isLikeDeletion(pulled.error, replica.confirmed.position)) {
      const explained = await this.#deps.standing.explainDenial(signal);
      if (explained.ok && explained.value) return this.#end(explained.value);
    }
    for (const event of found) replica.reportOnce(event);
    const { genesisHash } = replica.confirmed;
    const kept = genesisHash ? await keepGenesis(genesisHash) : ok();
    if (!pulled.ok) return pulled;
    if (!kept.ok) return kept;
    this.#denials = 0;
    this.#suspects = pulled.value.suspects;
    const device = replica.confirmed.position.devices.get(replica.outbox.device);
    if (device?.revoked) return this.#end({ kind: 'device_revoked', by: device.author });
    return replica.settle();
  }

  #tookEntry(effects: EntryEffects, entry: VerifiedEntry): void {
    const { replica, digests } = this.#deps;
    replica.takeEffects(effects, entry);
    digests.sawEntry(entry, effects);
  }

  /**
   * Members contradict the snapshot that this device started from: folds the log anew without
   * it, and goes on with that once it has come as far.
   */
  async #rebuild(landmarks: Landmarks, signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { start, digests, replica } = this.#deps;
    const other = await start.findOther(landmarks, signal);
    if (!other.ok) return other;
    if (!other.value) {
      // What is here may be right: nobody gets to stop this device by a word against it.
      digests.settleDoubt();
      return ok();
    }
    const rebuilt = ConfirmedLog.empty();
    if (other.value.checkpoint) rebuilt.load(other.value.checkpoint);
    const known = replica.confirmed.position;
    const reached = await this.#foldUpTo(rebuilt, known, landmarks, signal);
    if (!reached.ok) return reached;
    const isBaseRight = isSameState(rebuilt, replica.confirmed);
    digests.settleDoubt(isBaseRight);
    return isBaseRight && rebuilt.attested ? ok() : replica.load(rebuilt.checkpoint());
  }

  /** Folds the log that leads to `known`, and on to its end. */
  async #foldUpTo(
    rebuilt: ConfirmedLog,
    known: LogPosition,
    landmarks: Landmarks,
    signal?: AbortSignal,
  ): Promise<Result<void, SyncFailure>> {
    const ignore = (): void => undefined;
    const kept = { onFolded: ignore, onSkipped: ignore, keep: () => Promise.resolve(ok()) };
    const onSecurity = (event: SecurityEvent): void => {
      this.#deps.replica.reportOnce(event);
    };
    const passing = new Map([...landmarks, [known.seq, bytesToHex(known.hash)]]);
    const pulled = await pullLog(
      { ...this.#deps, ...kept, landmarks: passing, confirmed: rebuilt, onSecurity },
      signal,
    );
    if (!pulled.ok) return pulled;
    const { position } = rebuilt;
    if (position.seq > known.seq) return ok();
    const isSame = position.seq === known.seq && equalBytes(position.hash, known.hash);
    if (isSame) return ok();
    const message = 'The server shows less of the log, or another one, than was verified.';
    onSecurity({ kind: position.seq < known.seq ? 'rollback' : 'fork', seq: known.seq, message });
    return err({ kind: 'log_halted', seq: known.seq, message });
  }

  /** States what this device has folded otherwise than somebody says; returns how many entries. */
  appendDisputes(signal?: AbortSignal): Promise<Result<number, SyncFailure>> {
    return this.append(() => {
      const [seq] = this.#deps.digests.disputes;
      if (seq === undefined) return ok(undefined);
      return ok({ bodies: [{ edits: [], statements: [{ type: 'digest_disputed', seq }] }] });
    }, signal);
  }

  /** Digests of others that this device has yet to dispute; none where it may not say so. */
  get disputes(): readonly number[] {
    const { digests, identities, replica } = this.#deps;
    const self = replica.confirmed.position.members.get(identities.uid);
    return self && mayWrite(self.role) ? digests.disputes : [];
  }

  /** Position of the newest entry that this device has appended since it was opened; 0 for none. */
  get lastOwnSeq(): number {
    return this.#lastOwnSeq;
  }

  /**
   * A member speaks of another head at the same position. Looks again; if the server
   * still shows the verified one, the two are shown different histories.
   */
  async settleContest(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const head = await this.#checkHead(signal);
    if (!head.ok) return head;
    this.#deps.replica.reportOnce({
      kind: 'fork',
      seq: this.#deps.replica.confirmed.position.seq,
      message: 'Another member is shown another history; compare the head with them in person.',
    });
    return this.pull(signal);
  }

  /**
   * Appends everything that is pending; returns how many entries it took. The first commit of
   * them is watched: who is behind, or has much to append, makes no promises.
   */
  pushPending(signal?: AbortSignal, watch?: WatchCommit): Promise<Result<number, SyncFailure>> {
    const { outbox } = this.#deps.replica;
    const progress = new PushProgress((news) => this.#deps.onProgress?.(news));
    const plan: MakePlan = () => {
      const pending = outbox.pending();
      const bodies = planBodies(pending);
      progress.plan(pending, bodies);
      return ok(pending.length > 0 ? { bodies } : undefined);
    };
    return this.append(plan, signal, watch);
  }

  /**
   * Appends what `plan` asks for until it asks for nothing, planning anew behind
   * whatever others appended meanwhile. Returns the number of entries appended.
   */
  async append(
    plan: MakePlan,
    signal?: AbortSignal,
    watchFirst?: WatchCommit,
  ): Promise<Result<number, SyncFailure>> {
    const { log, replica } = this.#deps;
    let appended = 0;
    let watch = watchFirst;
    for (;;) {
      const settled = await replica.settle();
      if (!settled.ok) return settled;
      const planned = plan(replica.confirmed.position);
      if (!planned.ok) return planned;
      if (!planned.value) return ok(appended);
      const sealed = await this.#seal(planned.value);
      if (!sealed.ok) return sealed;
      const entries = sealed.value.map(({ entry }) => entry);
      const last = sealed.value.at(-1)?.verified.after;
      const ended = watch?.(() => last && this.#hintAt(last, true));
      watch = undefined;
      const taken = await log.append(entries, planned.value.change, signal);
      ended?.(taken.ok);
      if (taken.ok) {
        this.#foldOwn(sealed.value);
        appended += entries.length;
        this.tally.entriesAppended += entries.length;
        continue;
      }
      if (taken.error.kind !== 'denied') return taken;
      this.tally.deniedAppends += 1;
      const cleared = await this.#clearDenial(signal);
      if (!cleared.ok) return cleared;
    }
  }

  async #seal(plan: Plan): Promise<Result<SealedEntry[], SyncFailure>> {
    const { keys, replica, corrected, random } = this.#deps;
    const { position, state } = replica.confirmed;
    const identity = await this.#identityFor(position, plan);
    if (!identity.ok) return identity;
    const current = position.kid && keys.find(position.epoch, position.kid);
    const epochKey = plan.epochKey ?? current;
    if (!epochKey) {
      const message = 'The key of the current epoch is not on this device.';
      return err({ kind: 'key_missing', seq: position.seq, message });
    }
    // Never before what the author had seen: a stamp is cut to it, and would lose to that.
    const t = Math.max(corrected.now(), state.latestStamp.wallMs);
    const sealing = { device: replica.outbox.device, epochKey, t };
    const before = positionAfter(position, this.#suspects);
    return ok(sealEntries(plan.bodies, before, sealing, { identity: identity.value, random }));
  }

  /** Peers merge only what the log's own members may write; the rules cannot know those. */
  async #identityFor(
    { seq, members }: LogPosition,
    plan: Plan,
  ): Promise<Result<Identity, SyncFailure>> {
    const { identities, replica } = this.#deps;
    const self = members.get(identities.uid);
    if (!self && plan.joins) return ok(identities.newest);
    if (!self) {
      const message = 'By the verified log this user may not write; the edits stay pending.';
      return err({ kind: 'access_denied', message });
    }
    if (!mayWrite(self.role)) return this.#loseAccess();
    const identity = identities.find(self.keys);
    if (identity) return ok(identity);
    replica.reportOnce({
      kind: 'identity_mismatch',
      seq,
      message: 'The log knows this user by other keys: unlock the identity that joined the budget.',
    });
    const message = 'This identity is not the one that joined the budget; the edits stay pending.';
    return err({ kind: 'access_denied', message });
  }

  #foldOwn(sealed: readonly SealedEntry[]): void {
    const { replica } = this.#deps;
    quarantine(
      {
        confirmed: replica.confirmed,
        onSkipped: (entry) => {
          replica.noteSkipped(entry);
        },
        onSecurity: (event) => {
          replica.reportOnce(event);
        },
      },
      this.#suspects,
    );
    this.#suspects = [];
    for (const { verified } of sealed) {
      this.#tookEntry(replica.confirmed.fold(verified), verified);
      this.#lastOwnSeq = verified.after.seq;
    }
  }

  /** A denial is ambiguous. Finds out which it was; `ok` means that another try makes sense. */
  async #clearDenial(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { clock, random } = this.#deps;
    const endBefore = this.#endOfLog();
    const pulled = await this.pull(signal);
    if (!pulled.ok) return pulled.error.kind === 'denied' ? this.#doubtAccess() : pulled;
    if (this.#endOfLog() > endBefore) {
      await sleep(clock, random.fraction() * LOST_RACE_JITTER_MS, signal);
      return ok();
    }
    const head = await this.#checkHead(signal);
    if (!head.ok) return head;
    const rights = await this.#checkRights(signal);
    if (!rights.ok) return rights;
    return rights.value ? ok() : this.#checkClock(signal);
  }

  #endOfLog(): number {
    return this.#deps.replica.confirmed.position.seq + this.#suspects.length;
  }

  /** Nothing new is there: does the server still hold what this device has verified? */
  async #checkHead(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const { log, replica } = this.#deps;
    const { position } = replica.confirmed;
    const read = await log.read({ after: position.seq - 1, limit: 1 }, signal);
    if (!read.ok) return read;
    this.tally.entriesRead += read.value.length;
    return confirmHead(read.value[0], position, (event) => {
      replica.reportOnce(event);
    });
  }

  /** `true` if another try makes sense already. */
  async #checkRights(signal?: AbortSignal): Promise<Result<boolean, SyncFailure>> {
    const { log, identities, standing, replica } = this.#deps;
    const read = await log.readBudget(signal);
    if (!read.ok) return read.error.kind === 'denied' ? this.#doubtAccess() : read;
    this.#denials = 0;
    const budget = read.value;
    if (budget.deleted) return this.explainDeletion(signal);
    const role = budget.members[identities.uid];
    if (!role || !mayWrite(role)) return this.#loseAccess();
    const { epoch } = replica.confirmed.position;
    if (!budget.rekey && budget.epoch === epoch) return ok(false);
    // Denied while it is being started: starting it over would go on for ever.
    if (this.#mendsEpoch) return ok(false);
    this.#mendsEpoch = true;
    try {
      return await standing.mendEpoch(budget, signal);
    } finally {
      this.#mendsEpoch = false;
    }
  }

  async #checkClock(signal?: AbortSignal): Promise<Result<void, SyncFailure>> {
    const serverTime = await this.#deps.log.serverTime(signal);
    if (!serverTime.ok) return serverTime;
    if (this.#deps.corrected.correct(serverTime.value) > MAX_CLOCK_ERROR_MS) return ok();
    const message = 'Firestore refuses the change for a reason that the rules do not explain.';
    return err({ kind: 'failed', message });
  }

  async #explainDenial(
    denial: RemoteError,
    signal?: AbortSignal,
  ): Promise<Result<never, SyncFailure>> {
    const explained = await this.#deps.standing.explainDenial(signal);
    if (!explained.ok) return explained;
    return explained.value ? this.#end(explained.value) : err(denial);
  }

  /** The server says that the budget is deleted: over for this device if an owner signed that. */
  async explainDeletion(signal?: AbortSignal): Promise<Result<never, SyncFailure>> {
    const message = 'The server says that the budget is deleted; no owner has signed that.';
    return this.#explainDenial({ kind: 'denied', message }, signal);
  }

  /** A member has signed that it is over: what is pending is kept apart, and the app is told. */
  async #end(end: MembershipEnd): Promise<Result<never, SyncFailure>> {
    const rejected = await this.#deps.replica.end(end);
    return rejected.ok ? err(endedFailure(end)) : rejected;
  }

  /** Rules that are being replaced deny everything for a moment: only denials that last count. */
  async #doubtAccess(): Promise<Result<never, SyncFailure>> {
    this.#denials += 1;
    if (this.#denials >= LASTING_DENIALS) return this.#loseAccess();
    const message = 'Firestore denies this user the budget; the edits stay pending for now.';
    return err({ kind: 'access_denied', message });
  }

  /** Refused for good: the edits are kept apart, for the app to show and export. */
  async #loseAccess(): Promise<Result<never, SyncFailure>> {
    const rejected = await this.#deps.replica.rejectPending();
    if (!rejected.ok) return rejected;
    const message = 'This user may no longer write to the budget; see rejectedEdits().';
    return err({ kind: 'access_denied', message });
  }
}

const isSameState = (a: ConfirmedLog, b: ConfirmedLog): boolean =>
  a.position.seq === b.position.seq &&
  equalBytes(digestConfirmed(a.state, a.position), digestConfirmed(b.state, b.position));

/** Owners may still read what is left of a log that is being removed: with gaps, or nothing. */
const isLikeDeletion = ({ kind }: SyncFailure, { seq }: LogPosition): boolean =>
  kind === 'log_halted' || (kind === 'failed' && seq === 0);
