import type { SignalChannel } from '../ports/signal-channel.js';
import { SignalingClient } from './signaling-client.js';
import type { SignalingDeps, SignalingOptions } from './signaling-client.js';

/**
 * The port of the sync engine over a WebSocket; pass a `client` to read its status and
 * metrics beside. `open` throws `bad_config`; nothing else throws.
 */
export function createSignalChannel(
  options: SignalingOptions & SignalingDeps,
  client: SignalingClient = new SignalingClient(options),
): SignalChannel {
  const stops = new Set<() => void>();
  let isClosed = false;

  const keep = (stop: () => void): (() => void) => {
    stops.add(stop);
    return () => {
      stops.delete(stop);
      stop();
    };
  };

  return {
    open() {
      if (!isClosed) void client.connect(options);
    },
    close() {
      isClosed = true;
      for (const stop of stops) stop();
      stops.clear();
      client.disconnect();
    },
    send: (signal) => client.send(signal),
    ping: () => {
      client.ping();
    },
    metrics: () => client.getMetrics(),
    state: () => client.getStatus().state,
    onSignal: (listener) => keep(client.onSignal(listener)),
    onState: (listener) =>
      keep(
        client.onStateChange(({ to }) => {
          listener(to);
        }),
      ),
  };
}
