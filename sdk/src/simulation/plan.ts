import { ROLES } from '../model/roles.js';
import { Dice } from './dice.js';
import type { Action, Change, CrashPoint, Step } from './step.js';

/** Chances of a fault at one call, one page or one signal. */
export interface FaultRates {
  readonly delay: number;
  readonly deny: number;
  readonly quota: number;
  readonly offline: number;
  readonly timeout: number;
  readonly loseAck: number;
  readonly hangBefore: number;
  readonly hangAfter: number;
  readonly session: number;
  readonly damagePage: number;
  readonly gapPage: number;
  readonly cutPage: number;
  readonly dropSignal: number;
  readonly repeatSignal: number;
  readonly delaySignal: number;
  readonly storeFails: number;
  readonly storeSlow: number;
}

/** A history, drawn from its seed as a whole before it is run: it can be shortened and run again. */
export interface Plan {
  readonly seed: number;
  readonly people: readonly string[];
  /** How many of them are in the budget from the start. */
  readonly founders: number;
  /** Whose device each of the first devices is. */
  readonly devices: readonly number[];
  /** How far off each of those devices' clocks is, in ms. */
  readonly clockErrorsMs: readonly number[];
  /** Entries in the log before anything goes wrong. */
  readonly prefill: number;
  readonly maxLatencyMs: number;
  /** So many entries lie between two snapshots. */
  readonly snapshotEveryEntries: number;
  /** So many entries lie on the disk behind a checkpoint before there is a new one. */
  readonly checkpointEveryEntries: number;
  readonly rates: FaultRates;
  readonly steps: readonly Step[];
  readonly checksIdle: boolean;
}

const NAMES = ['ann', 'ben', 'cy', 'dan'];
const HOUR_MS = 3_600_000;
const EDIT_STEPS = 52;
/** Pages of the log hold 150 entries at first. */
const LONG_LOG_ENTRIES = 138;

/** More entries than any history has. */
export const NO_SNAPSHOTS = 10_000;

type Weights = Readonly<Partial<Record<Action['type'], number>>>;

const DISRUPTIONS: Weights = {
  crash: 10,
  restart: 3,
  'copy store': 1,
  offline: 4,
  stop: 2,
  start: 2,
  wake: 1,
  'set clock': 2,
  'signaling down': 2,
  'invent signal': 3,
  poison: 1,
  'open device': 1,
};

const PEOPLE: Weights = {
  invite: 6,
  join: 8,
  'revoke invite': 2,
  'remove member': 3,
  'change role': 3,
  'rotate key': 3,
  leave: 1.5,
};

export function makePlan(seed: number): Plan {
  const plan = drawPlan(seed);
  return plan.snapshotEveryEntries < NO_SNAPSHOTS ? { ...plan, steps: addSleep(plan) } : plan;
}

/** Devices fall asleep after some entries: they may be behind the floor when they wake up. */
function addSleep({ seed, steps }: Plan): Step[] {
  const dice = new Dice(seed, 'sleep');
  // Tokens that no other change has.
  const drawing = { dice, tokens: 10_000 };
  const added = [...steps];
  for (let count = dice.upTo(3); count > 0; count -= 1) {
    const edit = drawEdits(drawing);
    const step = { ...edit, type: 'sleep', changes: dice.chance(0.6) ? edit.changes : [] } as const;
    added.splice(dice.upTo(added.length), 0, { ...step, thenMs: 0 });
  }
  return added;
}

function drawPlan(seed: number): Plan {
  const dice = new Dice(seed, 'plan');
  const hasPeople = dice.chance(0.3);
  const isLong = !hasPeople && dice.chance(0.05);
  const founders = 2 + dice.upTo(2);
  const others = 1 + dice.upTo(isLong ? 1 : 3);
  const devices = [0, 1, ...Array.from({ length: others }, () => dice.upTo(founders))];
  return {
    seed,
    people: hasPeople ? NAMES : NAMES.slice(0, founders),
    founders,
    devices,
    clockErrorsMs: devices.map(() => drawClockError(dice)),
    prefill: isLong ? LONG_LOG_ENTRIES + dice.upTo(16) : 0,
    maxLatencyMs: dice.pick([0, 50, 400]),
    // Whoever starts from a snapshot reads no long log.
    checkpointEveryEntries: dice.pick([3, 10, 200]),
    snapshotEveryEntries: isLong ? NO_SNAPSHOTS : dice.pick([NO_SNAPSHOTS, 15, 6]),
    rates: drawRates(dice),
    steps: drawSteps(dice, hasPeople ? { ...DISRUPTIONS, ...PEOPLE } : DISRUPTIONS, hasPeople),
    checksIdle: dice.chance(0.2),
  };
}

/** Most devices are right; some are off by more than the ten minutes that the rules allow. */
function drawClockError(dice: Dice): number {
  if (dice.chance(0.6)) return 0;
  return Math.round((dice.random.fraction() - 0.5) * dice.pick([60_000, HOUR_MS, 72 * HOUR_MS]));
}

/** Each history has some kinds of faults and not others, so that rare mixtures occur too. */
function drawRates(dice: Dice): FaultRates {
  const rate = (most: number, share = 0.5): number =>
    dice.chance(share) ? most * (0.2 + 0.8 * dice.random.fraction()) : 0;
  const lies = dice.chance(0.25);
  return {
    delay: rate(0.2),
    deny: rate(0.05, 0.3),
    quota: rate(0.1),
    offline: rate(0.1),
    timeout: rate(0.05),
    loseAck: rate(0.2),
    hangBefore: rate(0.04),
    hangAfter: rate(0.08),
    session: rate(0.05, 0.2),
    damagePage: lies ? rate(0.15) : 0,
    gapPage: lies ? rate(0.15) : 0,
    cutPage: rate(0.15, 0.3),
    dropSignal: rate(0.4),
    repeatSignal: rate(0.3),
    delaySignal: rate(0.4),
    storeFails: rate(0.08, 0.3),
    storeSlow: rate(0.3, 0.4),
  };
}

function drawSteps(dice: Dice, weights: Weights, hasPeople: boolean): Step[] {
  const drawing = { dice, tokens: 0 };
  const actions: Action[] = Array.from({ length: EDIT_STEPS }, () => drawEdits(drawing));
  const others = hasPeople ? 40 : 26;
  for (let count = 0; count < others; count += 1) {
    actions.splice(dice.upTo(actions.length + 1), 0, drawAction(dice, weights));
  }
  return actions.map((action) => ({ ...action, thenMs: drawPause(dice) }));
}

/** Often nothing at all, so that calls overlap. */
const drawPause = (dice: Dice): number =>
  dice.weighted({ none: 3, short: 5, long: 2 }) === 'none'
    ? 0
    : dice.upTo(dice.pick([30, 300, 300, 3_000]));

interface Drawing {
  readonly dice: Dice;
  tokens: number;
}

function drawEdits(drawing: Drawing): Extract<Action, { type: 'edit' }> {
  const { dice } = drawing;
  const count = dice.weighted({ one: 7, two: 2, three: 1 });
  const length = { one: 1, two: 2, three: 3 }[count];
  const changes = Array.from({ length }, () => drawChange(drawing));
  return { type: 'edit', device: dice.upTo(60), changes };
}

/** Few records and fields, so that changes meet. */
function drawChange(drawing: Drawing): Change {
  const { dice } = drawing;
  drawing.tokens += 1;
  const type = dice.weighted({ put: 2, set: 3, increment: 5, remove: 1 });
  const collection = dice.pick(['jars', 'notes']);
  const id = `r${String(dice.upTo(3))}`;
  return { type, collection, id, field: dice.pick(['n', 'n', 'm']), token: drawing.tokens };
}

function drawAction(dice: Dice, weights: Weights): Action {
  const type = dice.weighted(weights);
  const device = dice.upTo(60);
  const person = dice.upTo(NAMES.length);
  switch (type) {
    case 'edit':
    case 'sleep':
      throw new Error('edits are drawn apart');
    case 'crash':
      return {
        type,
        device,
        point: dice.pick(CRASH_POINTS),
        afterCalls: dice.upTo(6),
        downMs: dice.upTo(8_000),
      };
    case 'offline':
    case 'signaling down':
      return { type, device, forMs: dice.upTo(20_000) };
    case 'set clock':
      return { type, device, byMs: Math.round((dice.random.fraction() - 0.5) * 12 * HOUR_MS) };
    case 'invent signal':
    case 'poison':
      return { type, variant: dice.upTo(20) };
    case 'open device':
      return { type, person };
    case 'invite':
      return { type, device, role: dice.pick([...ROLES, 'editor', 'owner']) };
    case 'join':
      return { type, person, link: dice.upTo(10) };
    case 'revoke invite':
      return { type, device, link: dice.upTo(10) };
    case 'remove member':
      return { type, device, person };
    case 'change role':
      return { type, device, person, role: dice.pick(ROLES) };
    default:
      return { type, device };
  }
}

const CRASH_POINTS: readonly CrashPoint[] = [
  'store before',
  'store after',
  'store after',
  'remote before',
  'remote after',
  'now',
];
