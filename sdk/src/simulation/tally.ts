/** What can be made to go wrong; each is counted when it really does. */
export const FAULTS = [
  'call delayed',
  'call denied spuriously',
  'call refused for quota',
  'call offline',
  'call timed out before',
  'acknowledgement lost',
  'call hung before',
  'call hung after',
  'session expired',
  'page with a damaged entry',
  'page with a gap',
  'page cut short',
  'poison entry',
  'edits repeated',
  'signal dropped',
  'signal duplicated',
  'signal delayed',
  'signal invented',
  'signaling down',
  'device offline',
  'crash before a store call',
  'crash after a store call',
  'crash before a remote call',
  'crash after a remote call',
  'crash between calls',
  'restart',
  'store copied',
  'store unavailable',
  'store slow',
  'clock skewed',
  'clock jumped',
  'syncing stopped',
  'long sleep',
] as const;

export type Fault = (typeof FAULTS)[number];

/** How often everything happened. */
export class Tally {
  readonly counts: Map<string, number> = new Map();

  add(what: string, times = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + times);
  }

  fault(fault: Fault): void {
    this.add(`fault: ${fault}`);
  }

  of(what: string): number {
    return this.counts.get(what) ?? 0;
  }

  merge(others: Iterable<readonly [string, number]>): void {
    for (const [what, times] of others) this.add(what, times);
  }
}
