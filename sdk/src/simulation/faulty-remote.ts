import { err } from '../result.js';
import type { CrashGate } from './crash-gate.js';
import type { Dice } from './dice.js';
import type { Disruption, RemoteCall } from '../testing/memory-log-faults.js';
import type { FaultRates } from './plan.js';
import type { Tally } from './tally.js';

/** One device's line to the backend. */
export interface Line {
  readonly gate: CrashGate;
  /** Whether the network is away for this device. */
  readonly isCut: () => boolean;
  /** Told right before and after a call is handed to the backend. */
  readonly onCalling: (isCalling: boolean) => void;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** The same port, every call of which passes the device's gate and its network. */
export function gatePort<T extends object>(port: T, line: Line): T {
  return new Proxy(port, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      const method = member as Method;
      return (...args: readonly unknown[]) =>
        line.gate.pass('remote', () => {
          if (line.isCut()) {
            return Promise.resolve(err({ kind: 'offline', message: 'The device has no network' }));
          }
          line.onCalling(true);
          const calling = method.apply(target, [...args]);
          line.onCalling(false);
          return calling.then((answer) =>
            // What was on its way when the network went away may have arrived all the same.
            line.isCut() ? err({ kind: 'deadline', message: 'The answer never came' }) : answer,
          );
        });
    },
  });
}

export function gatePorts<T extends object>(ports: T, line: Line): T {
  const gated = Object.entries(ports).map(([name, port]: [string, object]) => [
    name,
    gatePort(port, line),
  ]);
  return Object.fromEntries(gated) as T;
}

/** What goes wrong with one call of one device. */
export function disrupt(
  { operation }: RemoteCall,
  rates: FaultRates,
  dice: Dice,
  tally: Tally,
): Disruption | undefined {
  const delayMs = dice.chance(rates.delay) ? dice.upTo(3_000) : 0;
  if (delayMs > 0) tally.fault('call delayed');
  if (dice.chance(rates.deny)) {
    tally.fault('call denied spuriously');
    return { delayMs, failBefore: 'denied' };
  }
  if (dice.chance(rates.quota)) {
    tally.fault('call refused for quota');
    return { delayMs, failBefore: 'quota' };
  }
  if (dice.chance(rates.offline)) {
    tally.fault('call offline');
    return { delayMs, failBefore: 'offline' };
  }
  if (dice.chance(rates.timeout)) {
    tally.fault('call timed out before');
    return { delayMs, failBefore: 'deadline' };
  }
  if (dice.chance(rates.session)) {
    tally.fault('session expired');
    return { delayMs, failBefore: 'unauthenticated' };
  }
  if (operation === 'append' && dice.chance(rates.loseAck)) {
    tally.fault('acknowledgement lost');
    return { delayMs, loseAnswer: dice.pick(['deadline', 'offline', 'failed', 'denied']) };
  }
  if (dice.chance(rates.hangBefore)) {
    tally.fault('call hung before');
    return { delayMs, hang: 'before' };
  }
  if (operation === 'append' && dice.chance(rates.hangAfter)) {
    tally.fault('call hung after');
    return { delayMs, hang: 'after' };
  }
  return delayMs > 0 ? { delayMs } : undefined;
}
