import type { Mutant } from './mutant.js';
import { SNAPSHOT_MUTANTS } from './snapshots.js';

/**
 * Faults that an engineer might make, one at a time, in the engine as it is. Each has to be found
 * by the simulation. To add one: name it, give the file, a text that occurs there exactly once,
 * what takes its place, and what a user would lose. `npm run mutants -- NAME` tries it alone.
 */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'merge-tie-break',
    file: 'model/op-context.ts',
    find: 'compareText(a.device, b.device) ||',
    replace: 'compareText(b.device, a.device) ||',
    wrongBecause: 'of two writes at one time, the other one wins than on every device so far',
  },
  {
    name: 'merge-no-clock',
    file: 'model/op-context.ts',
    find: 'compareStamps(a.stamp, b.stamp) ||',
    replace: '',
    wrongBecause: 'an older write beats a newer one by the id of its device',
  },
  {
    name: 'merge-absorbs-nothing',
    file: 'model/op-context.ts',
    find: 'return earlier.seq <= later.base;',
    replace: 'return false;',
    wrongBecause: 'what a written value already contains is added to it again',
  },
  {
    name: 'merge-absorbs-everything',
    file: 'model/op-context.ts',
    find: 'return earlier.seq <= later.base;',
    replace: 'return true;',
    wrongBecause: 'increments that the writer had not seen are lost',
  },
  {
    name: 'merge-order-within-edit',
    file: 'model/op-context.ts',
    find: '(earlier.counter - later.counter || earlier.index - later.index) < 0',
    replace: 'earlier.counter - later.counter < 0',
    wrongBecause: 'an increment before a write in one transaction counts on top of it',
  },
  {
    name: 'merge-remove-loses',
    file: 'model/record.ts',
    find: '(record.removed === undefined || compareContexts(record.put, record.removed) > 0)',
    replace: 'record.put !== record.removed',
    wrongBecause: 'what somebody removed stays',
  },
  {
    name: 'merge-put-keeps-fields',
    file: 'model/record.ts',
    find: 'if (put && (!write || compareContexts(put, write.by) > 0))',
    replace: 'if (put && !write)',
    wrongBecause: 'fields that a newer record left out show again',
  },
  {
    name: 'merge-last-in-log-wins',
    file: 'model/record.ts',
    find: '  if (field.write && compareContexts(by, field.write.by) < 0) return;\n',
    replace: '',
    wrongBecause: 'an edit made long ago offline beats everything that was written since',
  },
  {
    name: 'merge-no-cap',
    file: 'model/op-context.ts',
    find: 'stamp: capStamp(edit.stamp, origin.entryTimeMs),',
    replace: 'stamp: edit.stamp,',
    wrongBecause: 'a device whose clock is days ahead wins for days',
  },
  {
    name: 'applied-counter',
    file: 'model/budget-state.ts',
    find: '  if (edit.counter <= (state.applied.get(edit.device) ?? 0)) return NOTHING;\n',
    replace: '',
    wrongBecause: 'an edit that is in the log twice counts twice',
  },
  {
    name: 'stamp-before-seen',
    file: 'sync/replica.ts',
    find: 'laterStamp(this.confirmed.state.latestStamp, this.#lastStamp)',
    replace: 'this.#lastStamp',
    wrongBecause: 'what is written on a slow clock loses to what was on the screen',
  },
  {
    name: 'base-read-late',
    file: 'sync/replica.ts',
    find: '      return this.#addEdit(ops, base);',
    replace: '      return this.#addEdit(ops, base * 0 + this.confirmed.position.seq);',
    wrongBecause: 'a write absorbs increments that came in while it waited for the disk',
  },
  {
    name: 'push-denied-is-taken',
    file: 'sync/log-session.ts',
    find: '      if (taken.ok) {\n        this.#foldOwn',
    replace: "      if (taken.ok || taken.error.kind === 'denied') {\n        this.#foldOwn",
    wrongBecause: 'an edit that lost the race for its position is taken for saved',
  },
  {
    name: 'push-offline-is-taken',
    file: 'sync/log-session.ts',
    find: "      if (taken.error.kind !== 'denied') return taken;",
    replace:
      "      if (taken.error.kind !== 'denied') { this.#foldOwn(sealed.value); return taken; }",
    wrongBecause: 'an append that never arrived is taken for one whose answer got lost',
  },
  {
    name: 'push-drops-before-ack',
    file: 'sync/log-session.ts',
    find: '      const taken = await log.append(entries, planned.value.change, signal);',
    replace:
      '      replica.outbox.confirm(replica.outbox.pending().map((edit) => edit.counter));\n' +
      '      const taken = await log.append(entries, planned.value.change, signal);',
    wrongBecause: 'an edit leaves the outbox before the log has it',
  },
  {
    name: 'push-stale-head',
    file: 'sync/log-session.ts',
    find: 'const before = positionAfter(position, this.#suspects);',
    replace: 'const before = position;',
    wrongBecause: 'one bad entry at the end of the log keeps everybody from writing',
  },
  {
    name: 'push-gives-up',
    file: 'sync/sync-orchestrator.ts',
    find: '      this.#wantsPush = true;\n      // Nobody knows',
    replace: '      // Nobody knows',
    wrongBecause: 'an edit whose push failed once waits until the next edit',
  },
  {
    name: 'pull-announces',
    file: 'sync/sync-orchestrator.ts',
    find: '    if (pulled.ok) {\n',
    replace: '    if (pulled.ok) {\n      this.#announce();\n',
    wrongBecause: 'idle clients keep each other busy for ever',
  },
  {
    name: 'stop-leaves-timers',
    file: 'sync/sync-orchestrator.ts',
    find: '    this.#timers.clearAll();\n    this.#early.stop();',
    replace: '    this.#early.stop();',
    wrongBecause: 'a closed budget keeps its process alive',
  },
  {
    name: 'cursor-past-suspect',
    file: 'sync/pull-log.ts',
    find: '    suspects.push(entry);\n',
    replace: '    confirmed.skip(entry.seq, hashFrame(entry.frame));\n',
    wrongBecause: 'a damaged copy makes one device skip what all others have',
  },
  {
    name: 'cursor-suspects-unlinked',
    file: 'sync/pull-log.ts',
    find: 'const isBroken = suspects.length > 0 && !commitsTo(entry, before);',
    replace: 'const isBroken = suspects.length > 99 && !commitsTo(entry, before);',
    wrongBecause: 'a damaged entry takes the next ones down with it',
  },
  {
    name: 'cursor-skips-last-of-page',
    file: 'sync/pull-log.ts',
    find: '  for (const entry of page) {\n    const expected',
    replace:
      '  for (const entry of page.length > 8 ? page.slice(0, -1) : page) {\n    const expected',
    wrongBecause: 'the last entry of a page is not read until there is another',
  },
  {
    name: 'cursor-stops-at-full-page',
    file: 'sync/pull-log.ts',
    find: 'page.value.length >= limit',
    replace: 'page.value.length > limit',
    wrongBecause: 'a device that was away for long shows an old budget as the newest',
  },
  {
    name: 'chain-not-checked',
    file: 'sync/verify-entry.ts',
    find: '    header.seq !== before.seq + 1 ||\n    !equalBytes(header.prev, before.hash)',
    replace: '    header.seq !== before.seq + 1',
    wrongBecause: 'an entry vouches for a damaged copy of the one before it',
  },
  {
    name: 'signature-not-checked',
    file: 'sync/verify-entry.ts',
    find: '  return verifyFrameSignature(frame, member.keys.sign)\n',
    replace:
      '  return verifyFrameSignature(frame, member.keys.sign) || member.keys.sign.length > 0\n',
    wrongBecause: 'any member writes in the name of any other',
  },
  {
    name: 'epoch-not-checked',
    file: 'sync/verify-entry.ts',
    find: 'const rightKey = before.kid === undefined || equalBytes(header.kid, before.kid);',
    replace: 'const rightKey = true;',
    wrongBecause: 'an entry under a key that nobody has keeps everybody from reading on',
  },
  {
    name: 'counter-restarts',
    file: 'sync/outbox.ts',
    find: 'const lastCounter = counter ? Number(readText(counter)) : 0;',
    replace: 'const lastCounter = counter && pending.size > 0 ? Number(readText(counter)) : 0;',
    wrongBecause: 'edits after a restart are refused, or pass for edits of before it',
  },
  {
    name: 'counter-reused',
    file: 'sync/outbox.ts',
    find: '        [COUNTER_KEY, text(String(counter))],\n',
    replace:
      '        ...(this.#lastCounter > 2 ? [] : [[COUNTER_KEY, text(String(counter))] as const]),\n',
    wrongBecause: 'the counter of an edit is given to another one',
  },
  {
    name: 'outbox-not-restored',
    file: 'sync/outbox.ts',
    find: '    pending.set(edit.value.counter, edit.value);\n',
    replace: '',
    wrongBecause: 'edits that were not pushed before a crash are lost',
  },
  {
    name: 'outbox-reject-deletes',
    file: 'sync/outbox.ts',
    find: 'for (const edit of edits) put.set(rejectedKey(edit), encodeEdit(edit));',
    replace: '',
    wrongBecause: 'edits that the log will never take vanish',
  },
  {
    name: 'outbox-not-durable',
    file: 'sync/outbox.ts',
    find: '        [outboxKey(counter), encodeEdit(edit)],\n',
    replace: '',
    wrongBecause: 'an edit that was acknowledged does not survive a crash',
  },
  {
    name: 'copy-not-noticed',
    file: 'sync/replica.ts',
    find: 'if (!own) this.#noteClone(seq);',
    replace: '',
    wrongBecause: 'two copies of one store use up each other’s counters',
  },
  {
    name: 'restart-forgets-entry',
    file: 'sync/replica.ts',
    find: '    this.#deps.local.note({ seq: after.seq, frame, at, isSkipped: false });\n',
    replace:
      '    if (after.seq % 5 > 0)\n' +
      '      this.#deps.local.note({ seq: after.seq, frame, at, isSkipped: false });\n',
    wrongBecause: 'what was read before a restart is neither kept nor read again',
  },
  ...SNAPSHOT_MUTANTS,
];
