import type { Role } from '../model/roles.js';

/** One change of one record; where the record is missing, a `put` takes its place. */
export interface Change {
  readonly type: 'put' | 'set' | 'increment' | 'remove';
  readonly collection: string;
  readonly id: string;
  readonly field: string;
  /** Occurs in no other change of the history. */
  readonly token: number;
}

export type CrashPoint = 'store before' | 'store after' | 'remote before' | 'remote after' | 'now';

/** What happens next; `device` counts the devices that there are by then, modulo. */
export type Action =
  | { readonly type: 'edit'; readonly device: number; readonly changes: readonly Change[] }
  | {
      readonly type: 'crash';
      readonly device: number;
      readonly point: CrashPoint;
      /** So many calls of that port are still answered. */
      readonly afterCalls: number;
      /** How long until the process is started again. */
      readonly downMs: number;
    }
  | { readonly type: 'restart'; readonly device: number }
  | { readonly type: 'copy store'; readonly device: number }
  /** Closed until the history before a snapshot is pruned, with changes that nobody got. */
  | { readonly type: 'sleep'; readonly device: number; readonly changes: readonly Change[] }
  | { readonly type: 'offline'; readonly device: number; readonly forMs: number }
  | { readonly type: 'stop'; readonly device: number }
  | { readonly type: 'start'; readonly device: number }
  | { readonly type: 'wake'; readonly device: number }
  | { readonly type: 'set clock'; readonly device: number; readonly byMs: number }
  | { readonly type: 'signaling down'; readonly forMs: number }
  | { readonly type: 'invent signal'; readonly variant: number }
  | { readonly type: 'poison'; readonly variant: number }
  | { readonly type: 'open device'; readonly person: number }
  | { readonly type: 'invite'; readonly device: number; readonly role: Role }
  | { readonly type: 'join'; readonly person: number; readonly link: number }
  | { readonly type: 'revoke invite'; readonly device: number; readonly link: number }
  | { readonly type: 'remove member'; readonly device: number; readonly person: number }
  | {
      readonly type: 'change role';
      readonly device: number;
      readonly person: number;
      readonly role: Role;
    }
  | { readonly type: 'rotate key'; readonly device: number }
  | { readonly type: 'leave'; readonly device: number };

/** An action, and how long the world then goes on by itself. */
export type Step = Action & { readonly thenMs: number };

export function describeStep({ thenMs, type, ...rest }: Step): string {
  const details = Object.entries(rest).map(([key, value]) => `${key} ${describeValue(value)}`);
  return `${[type, ...details].join(', ')}; then ${String(thenMs)} ms`;
}

function describeValue(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const changes = value as readonly Change[];
  return changes
    .map(({ type, collection, id, field, token }) => {
      return `${type} ${collection}/${id}.${field} #${String(token)}`;
    })
    .join(' + ');
}
