import type { LocalStore } from '../ports/local-store.js';
import { SealsyncError } from '../errors.js';
import type { SignalChannel } from '../ports/signal-channel.js';
import type { SyncDevice, SyncWorld } from '../testing/sync-world.js';
import { CrashGate } from './crash-gate.js';
import { DeviceClock } from './device-clock.js';
import { Dice } from './dice.js';
import { createFaultyChannel } from './faulty-channel.js';
import { gatePort, gatePorts, type Line } from './faulty-remote.js';
import { createFaultyStore } from './faulty-store.js';
import type { FaultRates } from './plan.js';
import type { Tally } from './tally.js';
import type { SecurityEvent } from '../sync/security-event.js';
import { Violation } from './violation.js';

/** What the devices of one history share. */
export interface Surroundings {
  readonly world: SyncWorld;
  readonly seed: number;
  readonly tally: Tally;
  /** Nothing goes wrong any more once this is gone. */
  readonly rates: () => FaultRates | undefined;
  /** Whose call is being handed to the backend. */
  readonly onCalling: (device: Device, isCalling: boolean) => void;
  readonly onSecurity: (device: Device, event: SecurityEvent) => void;
}

/** One run of the process: from opening the budget to its death. */
export interface Life {
  readonly gate: CrashGate;
  readonly clock: DeviceClock;
  readonly store: LocalStore & { readonly isOpen: () => boolean };
  readonly opened: SyncDevice;
  /** How many calls that make edits have not returned yet. */
  editsUnderWay: number;
}

/** A device with a disk, a clock and a network, whose process comes and goes. */
export class Device {
  readonly name: string;
  readonly uid: string;
  readonly dice: Dice;
  readonly disk: Map<string, Uint8Array>;
  clockErrorMs: number;
  /** Until when, in virtual ms, it has no network. */
  cutUntilMs = 0;
  /** When the dead process is to be started again. */
  downUntilMs = 0;
  life: Life | undefined;
  /** What it verified last, which it may not forget while it runs. */
  lastSeq = 0;
  /** Counts what changed on the screen without this device's doing. */
  remoteChanges = 0;
  /** A copy of its store is in use elsewhere, or it is one. */
  isCopied = false;
  /** Closed, until the faults are over and history was pruned. */
  isAsleep = false;
  /** Counts the calls that made edits. */
  edits = 0;
  readonly #around: Surroundings;
  #lives = 0;
  #wake: () => void = () => undefined;
  readonly #channels = new Set<SignalChannel>();

  constructor(
    around: Surroundings,
    name: string,
    uid: string,
    clockErrorMs: number,
    disk: Map<string, Uint8Array> = new Map(),
  ) {
    this.#around = around;
    this.name = name;
    this.uid = uid;
    this.clockErrorMs = clockErrorMs;
    this.disk = disk;
    this.dice = new Dice(around.seed, name);
  }

  get isCut(): boolean {
    return this.#around.world.clock.now() < this.cutUntilMs;
  }

  /** Starts the process; `false` if it died, or gave up, before the budget was open. */
  async start(): Promise<boolean> {
    const { world, tally, rates } = this.#around;
    this.#lives += 1;
    this.lastSeq = 0;
    const clock = new DeviceClock(world.clock, this.clockErrorMs);
    const gate = new CrashGate((point) => {
      tally.fault(point === 'now' ? 'crash between calls' : crashNameOf(point));
      this.#bury(clock);
    });
    const dice = new Dice(this.#around.seed, `${this.name} in life ${String(this.#lives)}`);
    const line: Line = {
      gate,
      isCut: () => this.isCut,
      onCalling: (isCalling) => this.#around.onCalling(this, isCalling),
    };
    const faults = { gate, clock, dice: this.dice, tally, rates, isCut: () => this.isCut };
    const store = createFaultyStore(this.disk, faults);
    const opening = world.open(this.uid, {
      store,
      online: false,
      clock,
      random: dice.random,
      remote: gatePorts(world.backend.budgetFor(this.uid, world.budgetId), line),
      list: gatePort(world.backend.listFor(this.uid), line),
      openChannel: () => {
        const channel = world.hub.createChannel();
        this.#channels.add(channel);
        return createFaultyChannel(channel, faults);
      },
      wakeups: {
        onWake: (wake) => {
          this.#wake = wake;
          return () => undefined;
        },
      },
      onSecurity: (event) => this.#around.onSecurity(this, event),
    });
    const opened = await world.during(Promise.race([opening.catch(refusalOf), gate.died]));
    if (!opened || gate.isDead) {
      gate.end();
      this.#bury(clock);
      return false;
    }
    this.life = { gate, clock, store, opened, editsUnderWay: 0 };
    for (const name of ['jars', 'notes']) {
      opened.budget.collection(name).subscribe(({ origin }) => {
        if (origin === 'remote') this.remoteChanges += 1;
      });
    }
    this.goOnline();
    return true;
  }

  goOnline(): void {
    const { sync } = this.requireLife().opened.budget;
    sync.start();
    sync.enableRealtimeSync('ws://in-memory');
  }

  wake(): void {
    if (this.life) this.#wake();
  }

  setClock(errorMs: number): void {
    this.clockErrorMs = errorMs;
    if (this.life) this.life.clock.errorMs = errorMs;
  }

  requireLife(): Life {
    if (!this.life) throw new Error(`${this.name} is not running`);
    return this.life;
  }

  /** Closes the budget as an app does that is being quit. */
  async close(): Promise<void> {
    const { life } = this;
    if (!life) return;
    const { world } = this.#around;
    await world.during(Promise.race([life.opened.budget.close(), life.gate.died]));
    if (!life.gate.isDead && life.store.isOpen()) {
      throw new Violation('nothing is left behind', `${this.name} closed and kept its store open`);
    }
    life.gate.end();
    this.#bury(life.clock);
  }

  #bury(clock: DeviceClock): void {
    clock.stop();
    for (const channel of this.#channels) channel.close();
    this.#channels.clear();
    this.life = undefined;
  }
}

const crashNameOf = (point: string) => {
  switch (point) {
    case 'store before':
      return 'crash before a store call';
    case 'store after':
      return 'crash after a store call';
    case 'remote before':
      return 'crash before a remote call';
    default:
      return 'crash after a remote call';
  }
};

/** A store that cannot be read is no reason to fail: the app tries again. */
function refusalOf(error: unknown): undefined {
  if (error instanceof SealsyncError) return undefined;
  throw error;
}
