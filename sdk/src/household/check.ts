import type { StandardSchemaV1 } from '@standard-schema/spec';

/*
 * Checks of plain values that make up a Standard Schema, so that using the ready-made shapes
 * needs no schema library. Fields that a check does not know are left out of its output.
 */

type Path = readonly (string | number)[];
type Checked<T> = StandardSchemaV1.Result<T>;

/** The value if it fits, or everything that is wrong with it. */
export type Check<T> = (value: unknown, path: Path) => Checked<T>;

/** A field that may be left out, or `null`, by which `update` clears it. */
export interface OptionalCheck<T> {
  readonly optional: Check<T>;
}

type Checks<T> = {
  readonly [K in keyof T]-?: undefined extends T[K]
    ? OptionalCheck<Exclude<T[K], null | undefined>>
    : Check<T[K]>;
};

const refuse = (message: string, path: Path): StandardSchemaV1.FailureResult => ({
  issues: [{ message, path }],
});

export const optional = <T>(check: Check<T>): OptionalCheck<T> => ({ optional: check });

/** A check that `fits` decides. */
function plain<T>(fits: (value: unknown) => value is T, message: string): Check<T> {
  return (value, path) => (fits(value) ? { value } : refuse(message, path));
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isName = (value: unknown): value is string => isText(value) && value.trim() !== '';
const isInteger = (value: unknown): value is number => Number.isSafeInteger(value);
const isTrueOrFalse = (value: unknown): value is boolean => typeof value === 'boolean';

export const text: Check<string> = plain(isText, 'must be text');
export const name: Check<string> = plain(isName, 'must be a text that is not empty');
export const flag: Check<boolean> = plain(isTrueOrFalse, 'must be true or false');
export const integer: Check<number> = plain(isInteger, 'must be a safe integer');
export const currency: Check<string> = plain(
  (value): value is string => isText(value) && /^[A-Z]{3}$/.test(value),
  'must be an ISO 4217 code of three capitals',
);
export const date: Check<string> = plain(
  isDate,
  'must be a date of the calendar, written YYYY-MM-DD',
);

export const integerWithin = (from: number, to: number): Check<number> =>
  plain(
    (value): value is number => isInteger(value) && value >= from && value <= to,
    `must be an integer from ${String(from)} to ${String(to)}`,
  );

export function oneOf<const T extends string>(...choices: readonly T[]): Check<T> {
  const message = `must be one of ${choices.join(', ')}`;
  return (value, path) => {
    const chosen = choices.find((choice) => choice === value);
    return chosen === undefined ? refuse(message, path) : { value: chosen };
  };
}

export function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return refuse('must be a list', path);
    const items: T[] = [];
    const issues: StandardSchemaV1.Issue[] = [];
    for (const [index, item] of value.entries()) {
      const checked = check(item, [...path, index]);
      if (checked.issues) issues.push(...checked.issues);
      else items.push(checked.value);
    }
    return issues.length > 0 ? { issues } : { value: items };
  };
}

/** A check of each field, and where all fit, of `whole`: what is wrong between them, if anything. */
export function fields<T extends object>(
  checks: Checks<T>,
  whole: (value: T) => string | undefined = () => undefined,
): Check<T> {
  const all = Object.entries<Check<unknown> | OptionalCheck<unknown>>(checks);
  return (value, path) => {
    if (!isMap(value)) return refuse('must be an object of fields', path);
    const known: [string, unknown][] = [];
    const issues: StandardSchemaV1.Issue[] = [];
    for (const [field, check] of all) {
      const given = Object.hasOwn(value, field) ? value[field] : undefined;
      const isOptional = typeof check !== 'function';
      if (isOptional && (given === undefined || given === null)) {
        if (given === null) known.push([field, given]);
        continue;
      }
      const checked = (isOptional ? check.optional : check)(given, [...path, field]);
      if (checked.issues) issues.push(...checked.issues);
      else known.push([field, checked.value]);
    }
    if (issues.length > 0) return { issues };
    // Every field of T has been checked to be what T says.
    const fitting = Object.fromEntries(known) as T;
    const problem = whole(fitting);
    return problem === undefined ? { value: fitting } : refuse(problem, path);
  };
}

/** The Standard Schema (version 1) that a check makes. */
export function schemaOf<T>(check: Check<T>): StandardSchemaV1<T, T> {
  return {
    '~standard': { version: 1, vendor: 'sealsync', validate: (value) => check(value, []) },
  };
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isDate(value: unknown): value is string {
  if (!isText(value) || !/^\d{4}-\d{2}-\d{2}$/.test(value)) return false;
  const parsed = new Date(`${value}T00:00:00Z`);
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(value);
}
