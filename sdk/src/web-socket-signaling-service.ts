import { secureRandom } from './local/secure-random.js';
import { systemClock } from './local/system-clock.js';
import { SignalingClient } from './signaling/signaling-client.js';
import type { SignalingDeps } from './signaling/signaling-client.js';

/** The signaling client on this machine's own clock and randomness. */
export class WebSocketSignalingService extends SignalingClient {
  constructor(deps: Partial<SignalingDeps> = {}) {
    super({ ...deps, clock: deps.clock ?? systemClock, random: deps.random ?? secureRandom });
  }
}
