import { createSeededRandom } from '@sealsync/sdk/testing';
import type { Edit } from '@sealsync/sdk';
import { deleteApp, initializeApp } from 'firebase-admin/app';
import { getFirestore, Timestamp, type DocumentData } from 'firebase-admin/firestore';
import { randomUUID } from 'node:crypto';
import type { LogPosition } from '../../../sdk/src/sync/log-position.js';
import type { SealedEntry } from '../../../sdk/src/sync/seal-edits.js';
import { makePuts } from '../sample/edits.js';
import { makeRecords, makeTransaction } from '../sample/records.js';
import type { Firestore } from 'firebase/firestore/lite';
import { foundLog, readPage, type FoundLog } from '../services/found-log.js';
import { openEntry, sealOneByOne } from '../services/own-log.js';
import type { Backend } from '../services/start-backend.js';
import type { Device } from '../services/start-device.js';

const SLICE = 1_000;
const SLICE_READ = 100;

/** A budget with one entry for every edit that was ever made of it. */
export class LongLog {
  readonly #projectId: string;
  readonly #log: FoundLog;
  readonly #ids: string[] = [];
  #counter = 0;
  #end: LogPosition;

  private constructor(projectId: string, log: FoundLog) {
    this.#projectId = projectId;
    this.#log = log;
    this.#end = log.start;
  }

  static async found({ projectId }: Pick<Backend, 'projectId'>, owner: Device): Promise<LongLog> {
    return new LongLog(projectId, await foundLog(owner));
  }

  get budgetId(): string {
    return this.#log.budgetId;
  }

  /** How many records there are. */
  get records(): number {
    return this.#ids.length;
  }

  /** The position of the last entry. */
  get lastSeq(): number {
    return this.#end.seq;
  }

  /** Appends an edit for each new record, which puts it. */
  async addRecords(count: number, onProgress: (done: number) => void): Promise<void> {
    const records = makeRecords(count, createSeededRandom(count));
    this.#ids.push(...records.map(([id]) => id));
    await this.#append(makePuts(records, this.#log.device), onProgress);
  }

  /** Appends edits that put records anew which are there. */
  async changeRecords(count: number): Promise<void> {
    const random = createSeededRandom(this.#counter);
    const records = Array.from({ length: count }, (_, index) => {
      const id = this.#ids[index % this.#ids.length] ?? '';
      return [id, makeTransaction(random)] as const;
    });
    await this.#append(makePuts(records, this.#log.device), () => undefined);
  }

  /** Goes on behind what others have appended. */
  async follow(firestore: Firestore): Promise<void> {
    const entries = await readPage(firestore, this.budgetId, this.lastSeq, SLICE_READ);
    for (const entry of entries) this.#end = openEntry(this.#log, entry, this.#end).after;
  }

  /** Sealed as the kit seals them, but written past the rules, which take 10 ms for each. */
  async #append(edits: readonly Edit[], onProgress: (done: number) => void): Promise<void> {
    const app = initializeApp({ projectId: this.#projectId }, randomUUID());
    try {
      const firestore = getFirestore(app);
      for (let at = 0; at < edits.length; at += SLICE) {
        const slice = edits.slice(at, at + SLICE).map((edit) => this.#number(edit));
        const sealed = sealOneByOne(this.#log, slice, this.#end);
        const writer = firestore.bulkWriter({ throttling: false });
        for (const { entry } of sealed) {
          const path = `budgets/${this.budgetId}/changes/${entry.seq}`;
          void writer.create(firestore.doc(path), toDocument(entry));
        }
        await writer.close();
        this.#end = sealed.at(-1)?.verified.after ?? this.#end;
        onProgress(Math.min(at + SLICE, edits.length));
      }
    } finally {
      await deleteApp(app);
    }
  }

  /** The next edit of this log's only device. */
  #number(edit: Edit): Edit {
    this.#counter += 1;
    const stamp = { wallMs: Date.now(), logical: this.#counter % 60_000 };
    return { ...edit, counter: this.#counter, stamp };
  }
}

/** As `toEntryDocument` of the kit, in the types of firebase-admin. */
function toDocument({ prev, frame, ...entry }: SealedEntry['entry']): DocumentData {
  const bytes = { prev: Buffer.from(prev), frame: Buffer.from(frame) };
  return { ...entry, ...bytes, at: Timestamp.fromMillis(entry.t) };
}
