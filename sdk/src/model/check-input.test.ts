import { describe, expect, it } from 'vitest';
import { checkIncrement, checkRecordId, copyFields, copyValue } from './check-input.js';
import { MAX_RECORD_ID_LENGTH } from './edit.js';

const reason = (checked: ReturnType<typeof copyFields>): string =>
  checked.ok ? 'was accepted' : checked.error.message;

describe('what an app hands in', () => {
  it('is copied deeply and frozen, so that changing it later changes no record', () => {
    const record = { tags: ['a'], nested: { n: 1 }, bytes: Uint8Array.of(1) };
    const copied = copyFields(record);
    record.tags.push('b');
    record.nested.n = 2;
    record.bytes[0] = 9;
    expect(copied).toEqual({
      ok: true,
      value: { tags: ['a'], nested: { n: 1 }, bytes: Uint8Array.of(1) },
    });
    expect(copied.ok && Object.isFrozen(copied.value['nested'])).toBe(true);
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a symbol', Symbol('x')],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a date', new Date(0)],
    ['a map', new Map()],
    ['a lone surrogate', '\ud800'],
    ['an array with holes', new Array(2)],
  ])('is refused with the name of the field if it holds %s', (_, value) => {
    expect(reason(copyFields({ amount: value }))).toContain('"amount"');
  });

  it('is refused if it is nested so deeply that peers would refuse it', () => {
    let value: unknown = 1;
    for (let depth = 1; depth < 8; depth += 1) value = [value];
    expect(copyValue(value, 'x').ok).toBe(true);
    expect(copyValue([value], 'x').ok).toBe(false);
  });

  it('cannot smuggle a prototype in', () => {
    const fields = copyFields(JSON.parse('{"__proto__": {"admin": true}}'));
    expect(fields.ok && Object.getPrototypeOf(fields.value)).toBe(Object.prototype);
    expect(fields.ok && Object.hasOwn(fields.value, '__proto__')).toBe(true);
  });

  it('keeps no difference between 0 and -0, which differ in bytes', () => {
    const copied = copyValue(-0, 'x');
    expect(copied.ok && Object.is(copied.value, 0)).toBe(true);
  });
});

describe('names and amounts', () => {
  it('are refused where they are empty or too long', () => {
    expect(checkRecordId('').ok).toBe(false);
    expect(checkRecordId('x'.repeat(MAX_RECORD_ID_LENGTH)).ok).toBe(true);
    expect(checkRecordId('x'.repeat(MAX_RECORD_ID_LENGTH + 1)).ok).toBe(false);
  });

  it.each([0, 0.1, 2 ** 53, Number.NaN, '1'])('an increment by %s is refused', (by) => {
    expect(checkIncrement(by).ok).toBe(false);
  });
});
