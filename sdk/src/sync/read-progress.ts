import type { RemoteLog } from '../ports/remote-log.js';
import type { PageRead } from './pull-log.js';
import type { SyncProgress } from './sync-progress.js';

export interface ReadProgressDeps {
  readonly log: RemoteLog;
  readonly onProgress?: (progress: SyncProgress) => void;
}

/** Tells how far a long read has come. One that fits into a page tells nothing. */
export class ReadProgress {
  readonly #deps: ReadProgressDeps;
  readonly #startSeq: number;
  #endSeq: number | undefined;

  constructor(deps: ReadProgressDeps, startSeq: number) {
    this.#deps = deps;
    this.#startSeq = startSeq;
  }

  async readPage({ seq, isFull }: PageRead, signal?: AbortSignal): Promise<void> {
    const { onProgress } = this.#deps;
    if (!onProgress) return;
    if (this.#endSeq === undefined) {
      if (!isFull) return;
      this.#endSeq = await this.#findEnd(seq, signal);
    }
    const done = seq - this.#startSeq;
    onProgress({ phase: 'pull', done, total: Math.max(done, this.#endSeq - this.#startSeq) });
  }

  /** For one document more; where it cannot be read, nobody waits for it. */
  async #findEnd(seq: number, signal?: AbortSignal): Promise<number> {
    const head = await this.#deps.log.readHead(signal);
    return head.ok ? Math.max(seq, head.value.seq) : seq;
  }
}
