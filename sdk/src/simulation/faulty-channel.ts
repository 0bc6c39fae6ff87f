import type { Clock } from '../ports/clock.js';
import type { IncomingSignal, SignalChannel } from '../ports/signal-channel.js';
import { NO_CHANNEL } from '../sync/sync-metrics.js';
import type { CrashGate } from './crash-gate.js';
import type { Dice } from './dice.js';
import type { FaultRates } from './plan.js';
import type { Tally } from './tally.js';

export interface FaultyChannelDeps {
  readonly gate: CrashGate;
  readonly isCut: () => boolean;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly tally: Tally;
  readonly rates: () => FaultRates | undefined;
}

/** A connection on which signals get lost, come twice, or late and in another order. */
export function createFaultyChannel(inner: SignalChannel, deps: FaultyChannelDeps): SignalChannel {
  let closed = false;
  const isSilent = (): boolean => closed || deps.gate.isDead;
  return {
    open: () => inner.open(),
    close: () => {
      closed = true;
      inner.close();
    },
    send: (signal) => {
      if (isSilent() || deps.isCut()) return false;
      if (!loses(deps)) return inner.send(signal);
      // The connection took it, and it got lost behind that.
      return inner.state() === 'connected';
    },
    state: () => inner.state(),
    ping: () => inner.ping?.(),
    metrics: () => inner.metrics?.() ?? NO_CHANNEL,
    onSignal: (listener) =>
      inner.onSignal((signal) => {
        deliver(signal, deps, (arrived) => {
          if (!isSilent() && !deps.isCut()) listener(arrived);
        });
      }),
    onState: (listener) =>
      inner.onState((state) => {
        if (!isSilent()) listener(state);
      }),
  };
}

function loses({ dice, tally, rates }: FaultyChannelDeps): boolean {
  const isLost = dice.chance(rates()?.dropSignal ?? 0);
  if (isLost) tally.fault('signal dropped');
  return isLost;
}

function deliver(
  signal: IncomingSignal,
  deps: FaultyChannelDeps,
  hear: (signal: IncomingSignal) => void,
): void {
  const { dice, tally, clock, rates } = deps;
  const { repeatSignal = 0, delaySignal = 0 } = rates() ?? {};
  if (loses(deps)) return;
  let copies = 1;
  if (dice.chance(repeatSignal)) {
    tally.fault('signal duplicated');
    copies += 1;
  }
  for (let copy = 0; copy < copies; copy += 1) {
    if (!dice.chance(delaySignal)) {
      hear(signal);
      continue;
    }
    tally.fault('signal delayed');
    clock.setTimeout(() => hear(signal), dice.upTo(2_000));
  }
}
