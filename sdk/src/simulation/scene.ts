import type { StoredEntry } from '../ports/remote-log.js';
import type { SecurityEvent, SecurityEventKind } from '../sync/security-event.js';
import { SyncWorld } from '../testing/sync-world.js';
import { Device, type Surroundings } from './device.js';
import { Dice } from './dice.js';
import { EditLedger } from './edit-ledger.js';
import { createTampering } from './faulty-pages.js';
import { disrupt } from './faulty-remote.js';
import type { FaultRates, Plan } from './plan.js';
import type { Tally } from './tally.js';
import { require, Violation } from './violation.js';

/** What no honest server, network or crash ever causes, however unlucky. */
const ACCUSATIONS: ReadonlySet<SecurityEventKind> = new Set([
  'entry_rejected',
  'entry_substituted',
  'entry_quarantined',
  'gap',
  'rollback',
  'fork',
  'identity_mismatch',
  'key_not_genuine',
  'deletion_unproven',
  'pin_not_genuine',
  'snapshot_disputed',
  'snapshot_refused',
]);

const MINUTE_MS = 60_000;

/** Everything that one history is made of. */
export class Scene {
  readonly plan: Plan;
  readonly tally: Tally;
  readonly world: SyncWorld;
  readonly dice: Dice;
  readonly ledger: EditLedger = new EditLedger();
  readonly devices: Device[] = [];
  readonly links: string[] = [];
  /** Positions of entries that no member can accept. */
  readonly poison: Set<number> = new Set();
  /** Entries that were in the log. */
  readonly pruned: Map<number, StoredEntry> = new Map();
  readonly #around: Surroundings;
  readonly #running = new Map<Promise<void>, string>();
  readonly #digests = new Map<number, string>();
  readonly #endsOfFaults: (() => void)[] = [];
  #rates: FaultRates | undefined;
  #calling: Device | undefined;
  #failure: unknown;
  #hasFailed = false;
  #token = 1_000_000;

  constructor(plan: Plan, tally: Tally) {
    this.plan = plan;
    this.tally = tally;
    this.dice = new Dice(plan.seed, 'scene');
    const latency = new Dice(plan.seed, 'latency');
    this.world = new SyncWorld({
      seed: plan.seed,
      signalDelayMs: plan.maxLatencyMs / 2,
      latencyMs: () => (plan.maxLatencyMs === 0 ? 0 : latency.upTo(plan.maxLatencyMs)),
      localLog: { manyEntries: plan.checkpointEveryEntries, manyBytes: 1_000_000 },
      settings: {
        firstRetryDelayMs: 500,
        maxRetryDelayMs: 5_000,
        snapshotEveryEntries: plan.snapshotEveryEntries,
      },
    });
    this.#around = {
      world: this.world,
      seed: plan.seed,
      tally,
      rates: () => this.#rates,
      onCalling: (device, isCalling) => {
        this.#calling = isCalling ? device : undefined;
      },
      onSecurity: (device, event) => {
        this.#judgeEvent(device, event);
      },
    };
  }

  startFaults(): void {
    const { world, plan, tally } = this;
    const { rates } = plan;
    this.#rates = rates;
    this.#endsOfFaults.push(
      world.backend.intercept((call) =>
        this.#calling ? disrupt(call, rates, this.#calling.dice, tally) : undefined,
      ),
    );
    for (const uid of plan.people) {
      const dice = new Dice(plan.seed, `pages of ${uid}`);
      const tampering = createTampering(() => this.#rates, dice, tally);
      this.#endsOfFaults.push(world.backend.tamper(uid, world.budgetId, tampering));
    }
  }

  endFaults(): void {
    this.#rates = undefined;
    for (const end of this.#endsOfFaults.splice(0)) end();
    this.world.hub.setDown(false);
    for (const device of this.devices) {
      device.cutUntilMs = 0;
      device.life?.gate.disarm();
    }
  }

  addDevice(uid: string, clockErrorMs: number, copyOf?: Device): Device {
    const name = `device ${String(this.devices.length)} of ${uid}`;
    const disk = copyOf ? new Map(copyOf.disk) : undefined;
    const device = new Device(this.#around, name, uid, clockErrorMs, disk);
    this.devices.push(device);
    return device;
  }

  /** Position of the newest entry. */
  get size(): number {
    const stored = this.world.backend.inspect(this.world.budgetId);
    return this.pruned.size + (stored?.entries.size ?? 0);
  }

  get awake(): readonly Device[] {
    return this.devices.filter(({ isAsleep }) => !isAsleep);
  }

  get running(): readonly Device[] {
    return this.devices.filter(({ life }) => life !== undefined);
  }

  /** A device whose process runs; starts one where none does. */
  async aRunningDevice(index: number): Promise<Device | undefined> {
    const { running, awake } = this;
    const alive = running[index % Math.max(running.length, 1)];
    if (alive) return alive;
    const dead = awake[index % awake.length];
    return dead && (await this.start(dead)) ? dead : undefined;
  }

  async start(device: Device): Promise<boolean> {
    const isUp = await device.start();
    if (!isUp) device.downUntilMs = this.world.clock.now() + 1_000;
    return isUp;
  }

  /** Lets `work` go on while others act; it ends when its device dies. */
  begin(what: string, work: Promise<unknown>): void {
    const running = work
      .then(
        () => undefined,
        (error: unknown) => this.fail(error),
      )
      .finally(() => this.#running.delete(running));
    this.#running.set(running, what);
  }

  /** Of a change that is in no plan. */
  newToken(): number {
    this.#token += 1;
    return this.#token;
  }

  fail(error: unknown): void {
    if (!this.#hasFailed) this.#failure = error;
    this.#hasFailed = true;
  }

  /** Throws what went wrong in the background. */
  throwFailure(): void {
    if (this.#hasFailed) throw this.#failure;
  }

  async finishRunning(): Promise<void> {
    const waited = this.until(() => this.#running.size === 0, 30 * MINUTE_MS, 100);
    require(await waited, 'calls come to an end', () => {
      return `still running: ${[...this.#running.values()].join(', ')}`;
    });
  }

  /** Lets time pass until something holds, at most `maxMs`; whether it did. */
  async until(holds: () => boolean, maxMs: number, stepMs = 500): Promise<boolean> {
    const { clock } = this.world;
    for (let passedMs = 0; passedMs < maxMs; passedMs += stepMs) {
      if (holds()) return true;
      await clock.advance(stepMs);
      this.throwFailure();
    }
    return holds();
  }

  isIn(uid: string): boolean {
    const { members } = this.world.backend.inspect(this.world.budgetId) ?? { members: {} };
    return Object.hasOwn(members, uid);
  }

  /** Holds what a device has verified against what it and the others had. */
  look(device: Device): { readonly seq: number; readonly digest: string } {
    const { seq, digest } = device.requireLife().opened.budget.verifiedState();
    const known = this.#digests.get(seq) ?? digest;
    this.#digests.set(seq, known);
    require(known === digest && seq >= device.lastSeq, 'the cursor passes no unseen entry', () =>
      `${device.name} was at ${String(device.lastSeq)}, is at ${String(seq)}, and holds ` +
      (known === digest ? 'the same as others there' : 'something else than others there'));
    device.lastSeq = seq;
    return { seq, digest };
  }

  #judgeEvent(device: Device, { kind, seq, message }: SecurityEvent): void {
    this.tally.add(`event: ${kind}`);
    const { damagePage, gapPage, cutPage } = this.plan.rates;
    const somebodyLies = this.poison.size > 0 || damagePage + gapPage + cutPage > 0;
    const isAccusation = ACCUSATIONS.has(kind) && !somebodyLies;
    const isImagined = kind === 'device_cloned' && !this.devices.some(({ isCopied }) => isCopied);
    if (!isAccusation && !isImagined) return;
    this.fail(
      new Violation(
        'only liars are accused',
        `${device.name} found ${kind} at ${String(seq)}: ${message}`,
      ),
    );
  }
}
