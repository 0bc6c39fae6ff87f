import type { StandardSchemaV1 } from '@standard-schema/spec';
import { SealsyncError, type RecordIssue } from '../errors.js';
import type { Fields } from '../model/edit.js';

/**
 * What the records of an app's collections have to look like: for each name a Standard Schema
 * (https://standardschema.dev), as zod, valibot and arktype make them. The shape of a record is
 * the schema's input type. Schemas check and do not convert: what is stored and read is what the
 * app handed in, not what the schema makes of it. They have to answer at once, so asynchronous
 * ones are refused with `bad_config`. One that refuses fields that it does not know (zod's
 * `strictObject`) shows the records of a newer version of the app as invalid.
 */
export type Schemas<C extends object> = {
  readonly [K in keyof C]?: StandardSchemaV1<C[K], unknown>;
};

/** What an app says of a budget when it opens it. */
export interface BudgetOptions<C extends object> {
  readonly schemas?: Schemas<C>;
}

/** The outcome of one check. */
interface Verdict {
  /** Empty where the record fits. */
  readonly issues: readonly RecordIssue[];
  /** What the schema makes of a record that fits. */
  readonly output?: unknown;
}

const FITS: readonly RecordIssue[] = [];
const ASYNCHRONOUS: readonly RecordIssue[] = [{ path: '', message: 'The schema is asynchronous.' }];

/** Holds records against the app's schemas. Each version of a record is checked once. */
export class SchemaChecks {
  readonly #schemas: ReadonlyMap<string, StandardSchemaV1>;
  readonly #known = new Map<string, WeakMap<Fields, readonly RecordIssue[]>>();

  /** Throws `bad_config` for what is no synchronous Standard Schema. */
  constructor(schemas: Readonly<Record<string, StandardSchemaV1 | undefined>> = {}) {
    const given = new Map<string, StandardSchemaV1>();
    for (const [name, schema] of Object.entries(schemas)) {
      if (!schema) continue;
      given.set(name, schema);
      this.#known.set(name, new WeakMap());
    }
    this.#schemas = given;
    for (const name of given.keys()) this.#requireSynchronous(name);
  }

  /** The collections that have a schema. */
  get names(): readonly string[] {
    return [...this.#schemas.keys()];
  }

  has(collection: string): boolean {
    return this.#schemas.has(collection);
  }

  /** What is wrong with a record that was read; the same object is not checked again. */
  issuesOf(collection: string, record: Fields): readonly RecordIssue[] {
    const known = this.#known.get(collection);
    const before = known?.get(record);
    if (before) return before;
    const { issues } = this.#check(collection, record);
    known?.set(record, issues);
    return issues;
  }

  /** Throws `invalid_record` unless the record fits, `bad_config` if the schema cannot say so now. */
  requireFit(collection: string, record: Fields): void {
    const { issues } = this.#check(collection, record);
    if (issues === ASYNCHRONOUS) throw asynchronous(collection);
    const [first] = issues;
    if (!first) return;
    const where = first.path === '' ? '' : ` field "${first.path}":`;
    throw new SealsyncError(
      'invalid_record',
      `The record does not fit the schema of "${collection}", and nothing was changed:${where} ${first.message}`,
      { issues },
    );
  }

  /**
   * The fields of `before` that `record` leaves out and the schema does not know: each that it
   * accepts beside `record` and leaves out of what it makes of that. A newer version of the app
   * wrote them.
   */
  unknownFields(collection: string, before: Fields, record: Fields): Fields {
    const kept = Object.entries(before).filter(([name, value]) => {
      if (Object.hasOwn(record, name)) return false;
      const { issues, output } = this.#check(collection, { ...record, [name]: value });
      return issues.length === 0 && isObject(output) && !Object.hasOwn(output, name);
    });
    return Object.fromEntries(kept);
  }

  #check(collection: string, record: Fields): Verdict {
    const schema = this.#schemas.get(collection);
    if (!schema) return { issues: FITS };
    let result: ReturnType<StandardSchemaV1['~standard']['validate']>;
    try {
      result = schema['~standard'].validate(record);
    } catch {
      return { issues: [{ path: '', message: 'The schema failed on this record.' }] };
    }
    if (result instanceof Promise) {
      result.catch(() => undefined);
      return { issues: ASYNCHRONOUS };
    }
    if (result.issues) return { issues: result.issues.map(toIssue) };
    return { issues: FITS, output: result.value };
  }

  #requireSynchronous(collection: string): void {
    const validate: unknown = this.#schemas.get(collection)?.['~standard']?.validate;
    if (typeof validate !== 'function') {
      const message = `The schema of "${collection}" is no Standard Schema.`;
      throw new SealsyncError('bad_config', message);
    }
    if (this.#check(collection, {}).issues === ASYNCHRONOUS) throw asynchronous(collection);
  }
}

const asynchronous = (collection: string): SealsyncError =>
  new SealsyncError(
    'bad_config',
    `The schema of "${collection}" is asynchronous: give one that answers at once.`,
  );

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const toIssue = ({ message, path = [] }: StandardSchemaV1.Issue): RecordIssue => ({
  path: path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.'),
  message,
});
