import { encodeEdit } from '../codec/edit.js';
import { equalBytes } from '../bytes.js';
import type { RecordKey } from '../model/budget-state.js';
import type { Conflict } from '../model/conflict.js';
import type { Edit, Fields, Op, Stamp } from '../model/edit.js';
import { laterStamp, nextStamp, ZERO_STAMP } from '../model/hybrid-clock.js';
import type { StoredEntry } from '../ports/remote-log.js';
import type { People } from '../model/people.js';
import { PendingOverlay } from '../model/pending-overlay.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Random } from '../ports/random.js';
import { err, ok, type Result } from '../result.js';
import { Listeners } from '../listeners.js';
import type { Checkpoint } from './checkpoint.js';
import type { DeviceId } from '../model/ids.js';
import type { CorrectedClock } from './corrected-clock.js';
import type { ConfirmedLog, EntryEffects } from './confirmed-log.js';
import type { LocalLog } from './local-log.js';
import type { VerifiedEntry } from './log-position.js';
import type { Outbox } from './outbox.js';
import { MAX_EDIT_BYTES } from './seal-edits.js';
import type { SecurityEvent } from './security-event.js';
import type { EditError } from './sync-failure.js';
import type { MembershipEnd } from './standing.js';

/** Which records look different, and whether this device or the log caused it. */
export interface ReplicaChange {
  readonly origin: 'local' | 'remote';
  readonly keys: readonly RecordKey[];
}

export interface ReplicaDeps {
  readonly uid: string;
  readonly outbox: Outbox;
  /** What an earlier run has confirmed, and where this one keeps what it does. */
  readonly local: LocalLog;
  /** The store for what only the tab that leads writes; the outbox's own where there is one tab. */
  readonly leaderStore?: LocalStore | undefined;
  /** What is confirmed continues from elsewhere now: told once that is durable. */
  readonly onReplaced?: (() => void) | undefined;
  readonly clock: CorrectedClock;
  readonly random: Random;
  readonly onListenerError: (error: unknown) => void;
}

/** What is found while a budget is being opened waits for the app to listen. */
const MAX_UNHEARD = 100;
/** How often taking a new device id meets edits of other tabs before it waits for the next time. */
const MAX_ATTEMPTS = 8;

/**
 * One device's copy of a budget: the confirmed log with the outbox on top. Knows
 * nothing of networks; whoever syncs folds verified entries into it.
 */
export class Replica {
  readonly confirmed: ConfirmedLog;
  readonly outbox: Outbox;
  readonly changes: Listeners<ReplicaChange>;
  readonly conflicts: Listeners<Conflict>;
  readonly security: Listeners<SecurityEvent>;
  /** Members, invites or devices are others than before. */
  readonly people: Listeners<undefined>;
  /** Told once. */
  readonly ended: Listeners<MembershipEnd>;
  readonly #deps: ReplicaDeps;
  readonly #overlay: PendingOverlay;
  #lastStamp: Stamp;
  #clonedAt: number | undefined;
  #end: MembershipEnd | undefined;
  #people: People;
  readonly #reported = new Set<string>();
  /** Store work runs one after the other, so that counters and expectations hold. */
  #storeQueue: Promise<unknown> = Promise.resolve();

  constructor(deps: ReplicaDeps) {
    this.#deps = deps;
    this.outbox = deps.outbox;
    this.confirmed = deps.local.confirmed;
    this.#people = this.confirmed.position;
    forgetHeld(deps.outbox, this.confirmed);
    this.changes = new Listeners(deps.onListenerError);
    this.conflicts = new Listeners(deps.onListenerError, MAX_UNHEARD);
    this.people = new Listeners(deps.onListenerError);
    this.security = new Listeners(deps.onListenerError, MAX_UNHEARD);
    this.ended = new Listeners(deps.onListenerError, MAX_UNHEARD);
    this.#overlay = new PendingOverlay(this.confirmed.state, deps.uid);
    this.#overlay.reset(this.#unapplied());
    this.#lastStamp = this.#latestPending();
  }

  get(key: RecordKey): Fields | undefined {
    return this.#overlay.get(key);
  }

  list(collection: string): readonly (readonly [id: string, fields: Fields])[] {
    return this.#overlay.list(collection);
  }

  /**
   * Resolves once the edit is durable and visible; pushing it is somebody else's work. `check`
   * may throw when it looks at what is there once all earlier calls are done.
   */
  edit(ops: readonly Op[], check?: () => void): Promise<Result<void, EditError>> {
    // What the author had seen is what was on the screen when the call was made.
    const base = this.confirmed.position.seq;
    return this.#queueStoreWork(() => {
      check?.();
      return this.#addEdit(ops, base);
    });
  }

  /** Takes over what folding an entry changed; called right after the fold. */
  takeEffects(effects: EntryEffects, entry: VerifiedEntry): void {
    const { frame, at, after } = entry;
    this.#deps.local.note({ seq: after.seq, frame, at, isSkipped: false });
    const own = effects.edits.filter((edit) => edit.device === this.outbox.device);
    const held = own.filter((edit) => this.#isOwn(edit, after.seq));
    this.#showFolded(effects, held, entry);
  }

  #showFolded(effects: EntryEffects, held: readonly Edit[], { after }: VerifiedEntry): void {
    let keys = this.#overlay.refresh(effects.touched);
    if (held.length > 0) {
      this.outbox.confirm(held.map(({ counter }) => counter));
      keys = [...keys, ...this.#overlay.reset(this.#unapplied())];
    }
    if (keys.length > 0) this.changes.tell({ origin: 'remote', keys });
    for (const conflict of effects.conflicts) this.conflicts.tell(conflict);
    this.#tellPeople(after);
  }

  /**
   * Goes on from a checkpoint instead of what was confirmed. What is pending stays, but for
   * edits that the log holds by then. Resolves once it is durable.
   */
  load(checkpoint: Checkpoint): Promise<Result<void, StoreError>> {
    return this.#queueStoreWork(async () => {
      const hadAppended = this.confirmed.position.seq > 0;
      this.confirmed.load(checkpoint);
      const { state, position } = this.confirmed;
      const applied = state.applied.get(this.outbox.device) ?? 0;
      // Edits of this device that it never appended: those that are pending are not among them.
      const isCopy = applied > (hadAppended ? this.outbox.lastCounter : 0);
      if (isCopy) this.#noteClone(position.seq);
      else forgetHeld(this.outbox, this.confirmed);
      const keys = this.#overlay.restart(this.#unapplied());
      if (keys.length > 0) this.changes.tell({ origin: 'remote', keys });
      this.#tellPeople(this.confirmed.position);
      const change = this.outbox.planForgetting();
      const kept = await this.#deps.local.startOver(change);
      if (kept.ok) change.apply();
      if (kept.ok) this.#deps.onReplaced?.();
      return kept;
    });
  }

  /** Takes over the edits that other tabs have made. */
  reloadOutbox(): Promise<Result<void, StoreError>> {
    return this.#queueStoreWork(() => this.#reloadOutbox());
  }

  /**
   * Goes on with what the tab that leads has written: `follow` folds it into what is confirmed,
   * and answers whether all of that is another now.
   */
  follow(follow: () => Promise<Result<boolean, StoreError>>): Promise<Result<void, StoreError>> {
    return this.#queueStoreWork(async () => {
      // Before the log: what leaves the outbox meanwhile is then found in there.
      const reloaded = await this.outbox.reload();
      const followed = reloaded.ok ? await follow() : reloaded;
      if (!followed.ok) return followed;
      this.#clonedAt = undefined;
      forgetHeld(this.outbox, this.confirmed);
      this.#showReloaded(followed.value);
      return ok();
    });
  }

  /** Takes over an entry that the tab that leads has folded and kept. */
  takeStored(effects: EntryEffects, entry: VerifiedEntry): void {
    const own = effects.edits.filter(({ device }) => device === this.outbox.device);
    this.#showFolded(effects, own, entry);
  }

  /** Begins to write the log, where another tab did until now. */
  takeOver(): Promise<Result<void, StoreError>> {
    return this.follow(() => this.#deps.local.reopen());
  }

  async #reloadOutbox(): Promise<Result<void, StoreError>> {
    const reloaded = await this.outbox.reload();
    if (!reloaded.ok) return reloaded;
    // What a copy of this store has appended is none of these edits.
    if (this.#clonedAt === undefined) forgetHeld(this.outbox, this.confirmed);
    this.#showReloaded(false);
    return ok();
  }

  #showReloaded(isOther: boolean): void {
    this.#lastStamp = laterStamp(this.#lastStamp, this.#latestPending());
    const pending = this.#unapplied();
    const keys = isOther ? this.#overlay.restart(pending) : this.#overlay.reset(pending);
    if (keys.length > 0) this.changes.tell({ origin: 'remote', keys });
    if (isOther) this.#tellPeople(this.confirmed.position);
  }

  #latestPending(): Stamp {
    return this.outbox
      .pending()
      .reduce<Stamp>((latest, { stamp }) => laterStamp(latest, stamp), ZERO_STAMP);
  }

  /** An entry that was stepped over, without effects. */
  noteSkipped({ seq, frame, at }: StoredEntry): void {
    this.#deps.local.note({ seq, frame, at, isSkipped: true });
  }

  /**
   * Tells what stays wrong, and so is found again at every look, once for as long as the budget
   * is open: for each kind and what it is about, which is a position of the log unless told.
   */
  reportOnce(event: SecurityEvent, about?: string): void {
    const key = `${event.kind} ${about ?? String(event.seq)}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    this.security.tell(event);
  }

  #tellPeople(after: People): void {
    const before = this.#people;
    this.#people = after;
    const isSame =
      after.members === before.members &&
      after.invites === before.invites &&
      after.devices === before.devices;
    if (!isSame) this.people.tell(undefined);
  }

  /** Sets pending edits apart that the log will never take. */
  rejectPending(): Promise<Result<void, StoreError>> {
    return this.#queueStoreWork(async () => {
      const moved = await this.outbox.reject(this.outbox.pending(), this.#deps.leaderStore);
      if (moved.ok) this.#resetOverlay();
      return moved;
    });
  }

  /** This device is out: what is pending is set apart, and what was confirmed stays readable. */
  async end(end: MembershipEnd): Promise<Result<void, StoreError>> {
    const rejected = await this.rejectPending();
    if (!rejected.ok || this.#end) return rejected;
    this.#end = end;
    this.ended.tell(end);
    return rejected;
  }

  /** Why this device is out, if it is. */
  get membershipEnd(): MembershipEnd | undefined {
    return this.#end;
  }

  /**
   * Makes durable what was folded, and that the outbox need not hold it any more, in one commit;
   * to be awaited before the next push. What a failing store did not take is written next time.
   */
  settle(): Promise<Result<void, StoreError>> {
    return this.#queueStoreWork(() => this.#settle());
  }

  async #settle(): Promise<Result<void, StoreError>> {
    const { local, random } = this.#deps;
    for (let attempt = 1; ; attempt += 1) {
      const clonedAt = this.#clonedAt;
      const isCloned = clonedAt !== undefined;
      const change = isCloned ? this.outbox.planNewDevice(random) : this.outbox.planForgetting();
      const written = await local.write(change);
      if (written.ok) {
        change.apply();
        if (isCloned) this.#becameOther(clonedAt);
        return ok();
      }
      // Another tab may have added an edit just now.
      const tryAgain = isCloned && written.error.kind === 'conflict' && attempt < MAX_ATTEMPTS;
      if (!tryAgain) return written;
      const reloaded = await this.outbox.reload();
      if (!reloaded.ok) return reloaded;
    }
  }

  async #addEdit(ops: readonly Op[], base: number): Promise<Result<void, EditError>> {
    const { clock } = this.#deps;
    const make = (device: DeviceId, counter: number): Edit => {
      const latest = laterStamp(this.confirmed.state.latestStamp, this.#lastStamp);
      return { device, counter, stamp: nextStamp(latest, clock.now()), base, ops };
    };
    const draft = make(this.outbox.device, this.outbox.lastCounter + 1);
    if (encodeEdit(draft).length > MAX_EDIT_BYTES) {
      const message = `one edit must encode to at most ${String(MAX_EDIT_BYTES)} bytes; split it`;
      return err({ kind: 'too_large', message });
    }
    const added = await this.outbox.add((device, counter) => {
      // Another tab took the counter that was free: its edit came first.
      const isFirst = device === draft.device && counter === draft.counter;
      if (!isFirst) this.#lastStamp = laterStamp(this.#lastStamp, this.#latestPending());
      return isFirst ? draft : make(device, counter);
    });
    if (!added.ok) return added;
    this.#lastStamp = added.value.stamp;
    const keys = this.#overlay.add(added.value);
    if (keys.length > 0) this.changes.tell({ origin: 'local', keys });
    return ok();
  }

  /** Whether this store made an edit under its device id; if not, a copy of the store did. */
  #isOwn(edit: Edit, seq: number): boolean {
    const pending = this.outbox.get(edit.counter);
    const own =
      edit.counter <= this.outbox.lastCounter &&
      (!pending || equalBytes(encodeEdit(pending), encodeEdit(edit)));
    if (!own) this.#noteClone(seq);
    return own;
  }

  #noteClone(seq: number): void {
    this.#clonedAt ??= seq;
  }

  #becameOther(seq: number): void {
    this.#clonedAt = undefined;
    this.security.tell({
      kind: 'device_cloned',
      seq,
      message: 'A copy of the local store is in use elsewhere; this device took a new id.',
    });
    this.#resetOverlay();
  }

  /** What is pending but for what the confirmed state holds, which would count twice on top. */
  #unapplied(): readonly Edit[] {
    const last =
      this.#clonedAt !== undefined
        ? 0
        : (this.confirmed.state.applied.get(this.outbox.device) ?? 0);
    return this.outbox.pending().filter(({ counter }) => counter > last);
  }

  #resetOverlay(): void {
    const keys = this.#overlay.reset(this.#unapplied());
    if (keys.length > 0) this.changes.tell({ origin: 'local', keys });
  }

  #queueStoreWork<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#storeQueue.then(work);
    this.#storeQueue = result.catch(() => undefined);
    return result;
  }
}

/**
 * What the log was known to hold when the app was killed is not to be pushed again. Where only a
 * snapshot says that it holds an edit, the edit stays: appended twice it counts once, and were it
 * forgotten on a member's word it might be in no log at all.
 */
function forgetHeld(outbox: Outbox, { state, attested }: ConfirmedLog): void {
  if (attested) return;
  const last = state.applied.get(outbox.device) ?? 0;
  const counters = outbox.pending().map(({ counter }) => counter);
  outbox.confirm(counters.filter((counter) => counter <= last));
}
