import type { Mutant } from './mutant.js';

/** Faults about snapshots, and about logs whose beginning is gone. */
export const SNAPSHOT_MUTANTS: readonly Mutant[] = [
  {
    name: 'snapshot-forgets-counters',
    file: 'sync/confirmed-log.ts',
    find: '    refill(this.state.applied, state.applied);\n',
    replace: '',
    wrongBecause: 'an edit that the snapshot holds counts again when it is repeated',
  },
  {
    name: 'snapshot-forgets-clock',
    file: 'sync/confirmed-log.ts',
    find: '    this.state.latestStamp = state.latestStamp;\n',
    replace: '',
    wrongBecause: 'what is written on a slow clock loses to what the snapshot showed',
  },
  {
    name: 'snapshot-cursor-late',
    file: 'sync/confirmed-log.ts',
    find: 'latestStamp;\n    this.#position = position;\n',
    replace: 'latestStamp;\n    this.#position = { ...position, seq: position.seq + 1 };\n',
    wrongBecause: 'the first entry behind a snapshot is not read',
  },
  {
    name: 'snapshot-forgets-people',
    file: 'sync/confirmed-log.ts',
    find:
      '    this.#peopleFrames = [...peopleFrames];\n    this.#attested = attested;\n' +
      '    const [genesis] = peopleFrames;\n' +
      '    this.#genesisHash = genesis && hashFrame(genesis);\n    this.#recent.clear();\n',
    replace:
      '    this.#attested = attested;\n    const [genesis] = peopleFrames;\n' +
      '    this.#genesisHash = genesis && hashFrame(genesis);\n    this.#recent.clear();\n',
    wrongBecause: 'nobody can use the snapshots of a device that began with one',
  },
  {
    name: 'snapshot-before-its-digest',
    file: 'sync/take-snapshot.ts',
    find: 'encodeCheckpoint(replica.confirmed.checkpoint());',
    replace:
      'encodeCheckpoint({ ...replica.confirmed.checkpoint(), position: { ...position, seq: seq - 1 } });',
    wrongBecause: 'it is of another position than it says, and nobody can use it',
  },
  {
    name: 'snapshot-drops-pending',
    file: 'sync/replica.ts',
    find: '      else forgetHeld(this.outbox, this.confirmed);\n',
    replace:
      '      else this.outbox.confirm(this.outbox.pending().map(({ counter }) => counter));\n',
    wrongBecause: 'edits of a device that was away for long are lost when it continues',
  },
  {
    name: 'snapshot-not-kept',
    file: 'sync/local-log.ts',
    find: '    this.#startsOver = true;\n    return this.write(also);',
    replace: '    return this.write(also);',
    wrongBecause: 'a device that began with a snapshot cannot be opened again',
  },
  {
    name: 'floor-taken-for-rollback',
    file: 'sync/log-start.ts',
    find: 'if (budget.value.floor < position.seq) return ok(false);',
    replace: 'if (budget.value.floor >= 0) return ok(false);',
    wrongBecause: 'whoever was away for longer than history goes back never syncs again',
  },
  {
    name: 'floor-refuses-own-past',
    file: 'sync/log-start.ts',
    find: '(state.applied.get(outbox.device) ?? 0) >= held;',
    replace: '(state.applied.get(outbox.device) ?? 0) > held;',
    wrongBecause: 'a device that wrote nothing since cannot continue behind the floor',
  },
  {
    name: 'floor-removes-base-entry',
    file: 'sync/prune-log.ts',
    find: '    return ok(stored.seq - 1);\n',
    replace: '    return ok(stored.seq);\n',
    wrongBecause: 'the entry that vouches for the snapshot is removed with the others',
  },
];
