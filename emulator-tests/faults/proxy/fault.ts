/** Whether the server behind the proxy has taken the request by the time the fault strikes. */
export type When = 'before' | 'after';

/** What a network or a server does to one request, or to an open WebSocket. */
export type Fault =
  /** The connection ends: with FIN, with RST, or not at all, since nobody answers any more. */
  | { readonly kind: 'cut' | 'reset' | 'stall'; readonly when: When }
  /** The connection is accepted, and whatever comes over it from then on is swallowed. */
  | { readonly kind: 'half_open' }
  /** The server took the request; half of its answer arrives, and the connection ends. */
  | { readonly kind: 'truncate' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number }
  /** Everything is held back by so long, each way. */
  | { readonly kind: 'delay'; readonly delayMs: number }
  /** The proxy answers in the server's place. */
  | { readonly kind: 'status'; readonly status: number; readonly when: When };

export interface ProxiedRequest {
  /** `tunnel` is an open WebSocket; `read` is every other request of Firestore's. */
  readonly type: 'commit' | 'read' | 'tunnel';
  /** How many of its type there were, this one included. */
  readonly nth: number;
}

export type ChooseFault = (request: ProxiedRequest) => Fault | undefined;

/** In words, for the names of tests. */
export function describeFault(fault: Fault): string {
  const when = 'when' in fault ? `, ${fault.when} the server took it` : '';
  const what = fault.kind === 'status' ? `HTTP ${String(fault.status)}` : fault.kind;
  return `${what}${when}`;
}
