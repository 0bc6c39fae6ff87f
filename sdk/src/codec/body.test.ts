import { bytesToHex } from '@noble/hashes/utils.js';
import { MAX_LOGICAL } from '../model/hybrid-clock.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntryBody } from '../model/body.js';
import type { Edit, Op, Value } from '../model/edit.js';
import { type DeviceId, isDeviceId } from '../model/ids.js';
import type { Statement } from '../model/membership.js';
import { decodeBody, encodeBody } from './body.js';
import { encodeCanonical } from './cbor.js';
import { decodeEdit, encodeEdit } from './edit.js';

const DEVICE: DeviceId = ((id) => (isDeviceId(id) ? id : expect.fail()))('d'.repeat(32));

const text = fc.string({ unit: 'binary' });
const name = (maxLength: number): fc.Arbitrary<string> =>
  text.filter((candidate) => candidate.length > 0 && candidate.length <= maxLength);
const number = fc
  .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => (value === 0 ? 0 : value));

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 5 },
    fc.constantFrom(null, true, false),
    number,
    text,
    fc.uint8Array(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(text, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

const key = fc.record({ collection: name(64), id: name(128) });
const op: fc.Arbitrary<Op> = key.chain(({ collection, id }) =>
  fc.oneof(
    fc
      .dictionary(name(64), value, { maxKeys: 5, noNullPrototype: true })
      .map((fields): Op => ({ type: 'put', collection, id, fields })),
    fc
      .tuple(name(64), value)
      .map(([field, set]): Op => ({ type: 'set', collection, id, field, value: set })),
    fc
      .tuple(
        name(64),
        fc.maxSafeInteger().filter((by) => by !== 0),
      )
      .map(([field, by]): Op => ({ type: 'increment', collection, id, field, by })),
    fc.constant<Op>({ type: 'remove', collection, id }),
  ),
);

const edits: fc.Arbitrary<readonly Edit[]> = fc.uniqueArray(
  fc.record({
    device: fc.constant(DEVICE),
    counter: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    stamp: fc.record({
      wallMs: fc.maxSafeNat(),
      logical: fc.integer({ min: 0, max: MAX_LOGICAL }),
    }),
    base: fc.maxSafeNat(),
    ops: fc.array(op, { maxLength: 4 }),
  }),
  { maxLength: 5, selector: ({ counter }) => counter },
);
const ascending = edits.map((all) => [...all].sort((a, b) => a.counter - b.counter));

const publicKey = fc.uint8Array({ minLength: 32, maxLength: 32 });
const keys = fc.record({ sign: publicKey, box: publicKey });
const role = fc.constantFrom('owner' as const, 'editor' as const, 'viewer' as const);
const id = fc.uint8Array({ minLength: 16, maxLength: 16 }).map(bytesToHex);
const enclosed = fc.uint8Array({ minLength: 1, maxLength: 1024 });
const statement: fc.Arbitrary<Statement> = fc.oneof(
  keys.map((made): Statement => ({ type: 'genesis', keys: made })),
  fc.record({
    type: fc.constant('member_added' as const),
    uid: name(128),
    role,
    keys,
  }),
  fc.record({
    type: fc.constant('epoch_started' as const),
    previousEpoch: fc.integer({ min: 1, max: 0xffff_ffff }),
    previousKid: publicKey,
    previousKey: enclosed,
  }),
  fc.record({ type: fc.constant('member_removed' as const), uid: name(128) }),
  fc.record({ type: fc.constant('role_changed' as const), uid: name(128), role }),
  fc.record({ type: fc.constant('member_left' as const), uid: name(128), notice: enclosed }),
  fc.record({
    type: fc.constant('invite_created' as const),
    inviteId: id,
    role,
    expiresAt: fc.maxSafeNat(),
    keys,
  }),
  fc.record({ type: fc.constant('invite_revoked' as const), inviteId: id }),
  fc.record({ type: fc.constant('joined' as const), inviteId: id, acceptance: enclosed }),
  fc.record({ type: fc.constant('identity_rotated' as const), rotation: enclosed }),
  fc.record({ type: fc.constant('device_named' as const), name: name(64) }),
  id.map((device): Statement => ({ type: 'device_revoked', device: device as DeviceId })),
);

const body: fc.Arbitrary<EntryBody> = fc.record({
  edits: ascending,
  statements: fc.array(statement, { maxLength: 5 }),
});

const edit: Edit = {
  device: DEVICE,
  counter: 1,
  stamp: { wallMs: 5, logical: 0 },
  base: 0,
  ops: [{ type: 'set', collection: 'c', id: 'i', field: 'f', value: 1 }],
};
const setting = (set: unknown): Edit => ({
  ...edit,
  ops: [{ type: 'set', collection: 'c', id: 'i', field: 'f', value: set as Value }],
});

describe('the body of an entry', () => {
  it('comes back as it was written, whatever the edits', () => {
    fc.assert(
      fc.property(body, (written) => {
        expect(decodeBody(encodeBody(written), DEVICE)).toEqual({ ok: true, value: written });
      }),
    );
  });

  it('is the same bytes in whatever order an app built its objects', () => {
    const one = encodeBody({ edits: [setting({ a: 1, bb: 2, b: 3 })], statements: [] });
    const two = encodeBody({ edits: [setting({ bb: 2, b: 3, a: 1 })], statements: [] });
    expect(one).toEqual(two);
  });

  it('keeps a byte order mark of a pasted text', () => {
    for (const pasted of ['\uFEFF', '\uFEFFdate', '\uFEFF\uFEFFx', `\uFEFF${'é'.repeat(300)}`]) {
      const encoded = encodeBody({ edits: [setting(pasted)], statements: [] });
      expect(decodeBody(encoded, DEVICE)).toEqual({
        ok: true,
        value: { edits: [setting(pasted)], statements: [] },
      });
    }
  });

  it('takes "__proto__" for a name like any other', () => {
    const hostile = JSON.parse('{"__proto__":{"isOwner":true}}') as Value;
    const decoded = decodeBody(encodeBody({ edits: [setting(hostile)], statements: [] }), DEVICE);
    const [first] = decoded.ok ? decoded.value.edits : [];
    const [set] = first?.ops ?? [];
    const kept = set?.type === 'set' ? set.value : undefined;
    expect(Object.getPrototypeOf(kept)).toBe(Object.prototype);
    expect(Object.hasOwn(kept as object, '__proto__')).toBe(true);
    expect((kept as { isOwner?: boolean }).isOwner).toBeUndefined();
  });

  it('never throws on bytes of a stranger, and accepts only their one encoding', () => {
    fc.assert(
      fc.property(body, fc.nat(), fc.nat(255), fc.uint8Array(), (written, at, byte, noise) => {
        decodeBody(noise, DEVICE);
        const bytes = encodeBody(written);
        bytes[at % bytes.length] = byte;
        const decoded = decodeBody(bytes, DEVICE);
        if (decoded.ok) expect(encodeBody(decoded.value)).toEqual(bytes);
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses nesting that would exhaust the stack', () => {
    const nested = new Uint8Array(1_000_000).fill(0x81);
    expect(decodeBody(nested, DEVICE)).toMatchObject({ ok: false, error: { kind: 'malformed' } });
  });

  it('asks for a newer app even where that app uses CBOR that this one refuses', () => {
    const tagged = Uint8Array.of(0x83, 2, 0xc1, 0, 0x80);
    const result = decodeBody(tagged, DEVICE);
    expect(result).toMatchObject({ ok: false, error: { kind: 'upgrade_required' } });
  });
});

describe('a body that readers would refuse', () => {
  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['not a number', Number.NaN],
    ['infinity', Infinity],
    ['a date', new Date(0)],
    ['a lone surrogate', '\uD800'],
    ['a key with a lone surrogate', { '\uDC00': 1 }],
    ['a hole', new Array(1)],
    ['undefined inside a map', { a: undefined }],
    ['a big integer', 1n],
    ['a Map', new Map()],
    ['a value within itself', ((loop: unknown[]) => (loop.push(loop), loop))([])],
  ])('is not written: %s', (_name, set) => {
    expect(() => encodeBody({ edits: [setting(set)], statements: [] })).toThrow(TypeError);
  });

  it('is not written: values nested more than eight levels deep', () => {
    const nest = (levels: number): Value => (levels === 1 ? 0 : [nest(levels - 1)]);
    expect(() => encodeEdit(setting(nest(9)))).toThrow(TypeError);
    expect(decodeEdit(encodeEdit(setting(nest(8)))).ok).toBe(true);
  });

  it.each<[string, Partial<Edit>]>([
    ['counter 0', { counter: 0 }],
    ['a negative base', { base: -1 }],
    [
      'a logical clock that nobody could follow',
      { stamp: { wallMs: 0, logical: MAX_LOGICAL + 1 } },
    ],
    ['a fractional time', { stamp: { wallMs: 0.5, logical: 0 } }],
    ['no collection', { ops: [{ type: 'remove', collection: '', id: 'i' }] }],
    ['a long id', { ops: [{ type: 'remove', collection: 'c', id: 'i'.repeat(129) }] }],
    [
      'an increment by 0.5',
      { ops: [{ type: 'increment', collection: 'c', id: 'i', field: 'f', by: 0.5 }] },
    ],
  ])('is not written: %s', (_name, change) => {
    expect(() => encodeEdit({ ...edit, ...change })).toThrow(TypeError);
  });

  it('is not written: edits out of order, or of two devices', () => {
    const second = { ...edit, counter: 2 };
    expect(() => encodeBody({ edits: [second, edit], statements: [] })).toThrow(TypeError);
    const other: DeviceId = ((id) => (isDeviceId(id) ? id : expect.fail()))('e'.repeat(32));
    const elsewhere = { ...second, device: other };
    expect(() => encodeBody({ edits: [edit, elsewhere], statements: [] })).toThrow(TypeError);
  });
});

describe('an edit in the outbox', () => {
  it('comes back as it was written, with its device', () => {
    fc.assert(
      fc.property(edits, (all) => {
        for (const one of all) {
          expect(decodeEdit(encodeEdit(one))).toEqual({ ok: true, value: one });
        }
      }),
    );
  });

  it('is refused as a typed error when the store is damaged or written by a newer app', () => {
    const kindOf = (bytes: Uint8Array): string => {
      const result = decodeEdit(bytes);
      return result.ok ? 'ok' : result.error.kind;
    };
    const bytes = encodeEdit(edit);
    expect(kindOf(bytes.subarray(1))).toBe('malformed');
    expect(kindOf(Uint8Array.of(0x83, 9, ...bytes.subarray(2)))).toBe('upgrade_required');
  });
});

describe('canonical bytes for digests', () => {
  it('are equal for equal states and differ for different ones', () => {
    const state = { records: [['a', { x: 1, y: 'é' }]], n: null };
    expect(encodeCanonical(state)).toEqual(
      encodeCanonical({ n: null, records: [['a', { y: 'é', x: 1 }]] }),
    );
    expect(encodeCanonical({ x: 1 })).not.toEqual(encodeCanonical({ x: '1' }));
    expect(encodeCanonical({ x: -0 })).toEqual(encodeCanonical({ x: 0 }));
  });
});
