import { WebSocket } from 'ws';

/** When something passed between the devices and their servers, in ms of `performance.now()`. */
export interface Stage {
  readonly name:
    'commit sent' | 'commit answered' | 'hint sent' | 'hint heard' | 'read sent' | 'read answered';
  readonly atMs: number;
}

export interface StageWatch {
  readonly webSocket: new (url: string, protocols: string[]) => WebSocket;
  /** What has passed since the last call. */
  take(): readonly Stage[];
  stop(): void;
}

/** Notes commits and queries of this process, and hints at sockets of the class that it makes. */
export function watchStages(): StageWatch {
  let stages: Stage[] = [];
  const note = (name: Stage['name']): void => {
    stages.push({ name, atMs: performance.now() });
  };
  const isHint = (frame: string): boolean => frame.includes('"data_changed"');
  class WatchedWebSocket extends WebSocket {
    constructor(url: string, protocols: string[]) {
      super(url, protocols);
      this.on('message', (data) => {
        if (data instanceof Buffer && isHint(data.toString('utf8'))) note('hint heard');
      });
    }

    override send(frame: string): void {
      if (isHint(frame)) note('hint sent');
      super.send(frame);
    }
  }
  const plainFetch = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    const kind = url.includes(':commit')
      ? 'commit'
      : url.includes(':runQuery')
        ? 'read'
        : undefined;
    if (!kind) return plainFetch(input, init);
    note(`${kind} sent`);
    const answer = await plainFetch(input, init);
    note(`${kind} answered`);
    return answer;
  };
  return {
    webSocket: WatchedWebSocket,
    take: () => {
      const taken = stages;
      stages = [];
      return taken;
    },
    stop: () => {
      globalThis.fetch = plainFetch;
    },
  };
}
