import { HEARTBEAT_INTERVAL_MS, JOIN_DEADLINE_MS, PONG_TIMEOUT_MS } from '@sealsync/protocol';
import { SealsyncError } from '../errors.js';

/** The numbers that can be set, in milliseconds but for `maxReconnectAttempts`. */
export interface SignalingTuning {
  /** Upper bound of the first pause before a reconnect; it doubles with each. Default 1,000. */
  readonly reconnectInterval: number;
  /** What that bound never exceeds. Default 30,000. */
  readonly maxReconnectInterval: number;
  /** Reconnects before the state `error`. Default 10; 0 for none. */
  readonly maxReconnectAttempts: number;
  /** Longest time from fetching a token to being let into the room. Default 10,000. */
  readonly connectTimeout: number;
  /** Time between two pings. Default 30,000. */
  readonly heartbeatInterval: number;
  /** Longest time between a ping and its pong. Default 5,000. */
  readonly heartbeatTimeout: number;
  /** How long before its end a token is replaced. Default 300,000. */
  readonly tokenRefreshLead: number;
}

export type TuningName = keyof SignalingTuning;

interface Tunable {
  readonly byDefault: number;
  readonly min: number;
  readonly max: number;
  readonly unit: 'ms' | 'attempts';
  readonly variable: string;
}

/** Longer timers overflow in browsers and in Node, and fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

const ms = (byDefault: number, variable: string): Tunable => {
  return { byDefault, min: 1, max: MAX_TIMER_MS, unit: 'ms', variable };
};

/** Defaults, bounds and environment variables of all of them. */
export const TUNABLES: Readonly<Record<TuningName, Tunable>> = {
  reconnectInterval: ms(1000, 'VITE_WEBSOCKET_RECONNECT_INTERVAL'),
  maxReconnectInterval: ms(30_000, 'VITE_WEBSOCKET_MAX_RECONNECT_INTERVAL'),
  maxReconnectAttempts: {
    byDefault: 10,
    min: 0,
    max: 1_000_000,
    unit: 'attempts',
    variable: 'VITE_WEBSOCKET_MAX_RECONNECT_ATTEMPTS',
  },
  connectTimeout: ms(JOIN_DEADLINE_MS, 'VITE_WEBSOCKET_CONNECT_TIMEOUT'),
  heartbeatInterval: ms(HEARTBEAT_INTERVAL_MS, 'VITE_WEBSOCKET_HEARTBEAT_INTERVAL'),
  heartbeatTimeout: ms(PONG_TIMEOUT_MS, 'VITE_WEBSOCKET_HEARTBEAT_TIMEOUT'),
  tokenRefreshLead: ms(300_000, 'VITE_WEBSOCKET_TOKEN_REFRESH_LEAD'),
};

const TUNING_NAMES = Object.keys(TUNABLES) as TuningName[];

type PartialTuning = Readonly<Partial<Record<TuningName, number | undefined>>>;

/** Fills in defaults; throws `bad_config` naming the first value that is out of bounds. */
export function resolveTuning(given: PartialTuning): SignalingTuning {
  const pick = (name: TuningName): number => {
    const value = given[name] ?? TUNABLES[name].byDefault;
    checkTuning(name, value, name);
    return value;
  };
  return {
    reconnectInterval: pick('reconnectInterval'),
    maxReconnectInterval: pick('maxReconnectInterval'),
    maxReconnectAttempts: pick('maxReconnectAttempts'),
    connectTimeout: pick('connectTimeout'),
    heartbeatInterval: pick('heartbeatInterval'),
    heartbeatTimeout: pick('heartbeatTimeout'),
    tokenRefreshLead: pick('tokenRefreshLead'),
  };
}

/** `label` is what the person who set the value calls it. */
export function checkTuning(name: TuningName, value: unknown, label: string): void {
  const { min, max, unit } = TUNABLES[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return;
  const bounds = `${String(min)} to ${String(max)}`;
  throw new SealsyncError('bad_config', `Set ${label} to a whole number of ${unit}, ${bounds}.`);
}

export const tuningNames = (): readonly TuningName[] => TUNING_NAMES;
