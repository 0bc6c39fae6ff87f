import { readFileSync } from 'node:fs';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BudgetId } from '../model/ids.js';
import { makeAcceptance, verifyAcceptance } from './acceptance.js';
import { openPin, sealPin } from './budget-pin.js';
import { createEpochKey } from './epoch-key.js';
import { fingerprintOf, safetyNumber } from './fingerprint.js';
import { type Identity, createIdentity } from './identity.js';
import { makeIdentityRotation, verifyIdentityRotation } from './identity-rotation.js';
import { encodeInviteFragment, parseInviteFragment } from './invite-fragment.js';
import { createInviteSecret } from './invite-secret.js';
import { openKeyslot, sealKeyslot } from './keyslot.js';
import { PASSKEY_PRF_INPUT } from './keyslot-secret.js';
import { type NoticeKind, makeNotice, readNoticeAuthor, verifyNotice } from './notice.js';
import { openPreviousKey, sealPreviousKey } from './previous-key.js';
import { loadSodium, type RandomBytes } from './sodium.js';
import { unwrapEpochKey, wrapEpochKey } from './wrap-epoch-key.js';

/* If one fails, keys that another app or version stored open no more. */

interface Seeds {
  readonly uid: string;
  readonly signSeed: string;
  readonly boxSeed: string;
}

type SecretVector =
  | { readonly kind: 'passphrase'; readonly passphrase: string }
  | { readonly kind: 'recovery'; readonly phrase: string }
  | { readonly kind: 'passkey'; readonly prfOutput: string; readonly credentialId: string };

interface KeyslotVectors {
  readonly prfInput: string;
  readonly accepted: readonly {
    readonly name: string;
    readonly identity: Seeds;
    readonly identityVersion: number;
    readonly slot: string;
    readonly generation: number;
    readonly secret: SecretVector;
    readonly random: readonly string[];
    readonly keyslot: string;
  }[];
  readonly refused: readonly {
    readonly name: string;
    readonly error: string;
    readonly uid: string;
    readonly slot: string;
    readonly passphrase: string;
    readonly keyslot: string;
  }[];
}

interface WrapVectors {
  readonly wraps: readonly {
    readonly name: string;
    readonly epochKey: string;
    readonly budgetId: BudgetId;
    readonly epoch: number;
    readonly kid: string;
    readonly recipient: Seeds;
    readonly wrapper: Seeds;
    readonly random: readonly string[];
    readonly wrap: string;
  }[];
  readonly previousKey: {
    readonly budgetId: BudgetId;
    readonly newKey: string;
    readonly newEpoch: number;
    readonly oldKey: string;
    readonly oldEpoch: number;
    readonly oldKid: string;
    readonly random: readonly string[];
    readonly sealed: string;
  };
}

interface InviteVector {
  readonly budgetId: BudgetId;
  readonly inviteId: string;
  readonly secret: string;
  readonly accessValue: string;
  readonly accessHash: string;
  readonly signPublicKey: string;
  readonly boxPublicKey: string;
  readonly genesisHash: string;
  readonly inviterFingerprint: string;
  readonly head: { readonly seq: number; readonly head8: string };
  readonly fragment: string;
  readonly newcomer: Seeds;
  readonly acceptance: string;
}

interface IdentityVectors {
  readonly identities: readonly {
    readonly identity: Seeds;
    readonly signPublicKey: string;
    readonly boxPublicKey: string;
    readonly fingerprint: string;
  }[];
  readonly safetyNumber: string;
  readonly rotation: {
    readonly from: Seeds;
    readonly to: Seeds;
    readonly identityVersion: number;
    readonly rotation: string;
  };
}

interface NoticeVector {
  readonly kind: NoticeKind;
  readonly budgetId: BudgetId;
  readonly uid: string;
  readonly by: Seeds;
  readonly epoch: number;
  readonly notice: string;
}

interface PinVector {
  readonly name: string;
  readonly budgetId: BudgetId;
  readonly identity: Seeds;
  readonly genesisHash: string;
  readonly inviteFragment: string;
  readonly random: readonly string[];
  readonly pin: string;
}

const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../docs/test-vectors/${name}`, import.meta.url), 'utf8'));

const keyslots = read('keyslots.json') as KeyslotVectors;
const wraps = read('wrapped-keys.json') as WrapVectors;
const identities = read('identities.json') as IdentityVectors;

const identityOf = ({ uid, signSeed, boxSeed }: Seeds): Identity =>
  createIdentity(uid, { sign: hexToBytes(signSeed), box: hexToBytes(boxSeed) });

/** Gives what the vector drew, in its order and length. */
function replay(drawn: readonly string[]): RandomBytes {
  const left = drawn.map((text) => hexToBytes(text));
  return {
    bytes: (length) => {
      const next = left.shift();
      return next?.length === length ? next : expect.fail('draws other random bytes');
    },
  };
}

beforeAll(loadSodium);

describe('published vectors', () => {
  it.each(keyslots.accepted)('of keyslots: $name', async (vector) => {
    const { slot, generation, identityVersion } = vector;
    const identity = identityOf(vector.identity);
    const given = vector.secret;
    const secret =
      given.kind === 'passkey'
        ? {
            kind: given.kind,
            prfOutput: hexToBytes(given.prfOutput),
            credentialId: hexToBytes(given.credentialId),
          }
        : given;
    const random = replay(vector.random);
    const sealed = await sealKeyslot({
      identity,
      identityVersion,
      slot,
      generation,
      lock: secret,
      random,
    });
    expect(sealed.ok && bytesToHex(sealed.value)).toBe(vector.keyslot);

    const bytes = hexToBytes(vector.keyslot);
    const opened = await openKeyslot({ bytes, uid: identity.uid, slot, secret });
    if (!opened.ok) return expect.fail(opened.error.message);
    expect(opened.value).toMatchObject({ identityVersion, generation });
    expect(opened.value.identity.publicKeys).toEqual(identity.publicKeys);
  });

  it('of what a passkey is asked for', () => {
    expect(bytesToHex(PASSKEY_PRF_INPUT)).toBe(keyslots.prfInput);
  });

  it.each(keyslots.refused)('of keyslots refused: $name', async (vector) => {
    const { uid, slot, passphrase, error } = vector;
    const bytes = hexToBytes(vector.keyslot);
    const secret = { kind: 'passphrase', passphrase } as const;
    const opened = await openKeyslot({ bytes, uid, slot, secret });
    expect(opened.ok ? 'ok' : opened.error.kind).toBe(error);
  });

  it.each(wraps.wraps)('of wrapped keys: $name', (vector) => {
    const { budgetId, epoch } = vector;
    const epochKey = createEpochKey(hexToBytes(vector.epochKey), budgetId, epoch);
    const [recipient, by] = [identityOf(vector.recipient), identityOf(vector.wrapper)];
    const wrap = wrapEpochKey({
      epochKey,
      recipient: { uid: recipient.uid, box: recipient.publicKeys.box },
      by,
      random: replay(vector.random),
    });
    expect(wrap.ok && bytesToHex(wrap.value)).toBe(vector.wrap);
    const opened = unwrapEpochKey({
      bytes: hexToBytes(vector.wrap),
      identity: recipient,
      wrapperSignKey: by.publicKeys.sign,
      budgetId,
      epoch,
      kid: hexToBytes(vector.kid),
    });
    expect(opened.ok && opened.value.subkey('entry')).toEqual(epochKey.subkey('entry'));
  });

  it('of a previous key', () => {
    const { budgetId, newEpoch, oldEpoch, ...vector } = wraps.previousKey;
    const newKey = createEpochKey(hexToBytes(vector.newKey), budgetId, newEpoch);
    const oldKey = createEpochKey(hexToBytes(vector.oldKey), budgetId, oldEpoch);
    const sealed = sealPreviousKey(newKey, oldKey, replay(vector.random));
    expect(bytesToHex(sealed)).toBe(vector.sealed);
    const previous = { epoch: oldEpoch, kid: hexToBytes(vector.oldKid) };
    const opened = openPreviousKey(hexToBytes(vector.sealed), newKey, previous);
    expect(opened.ok && opened.value.subkey('entry')).toEqual(oldKey.subkey('entry'));
  });

  it.each(read('invites.json') as InviteVector[])('of invites: $inviteId', (vector) => {
    const { budgetId, inviteId, head, fragment } = vector;
    const invite = createInviteSecret(inviteId, hexToBytes(vector.secret));
    const { sign, box } = invite.identity.publicKeys;
    expect([bytesToHex(sign), bytesToHex(box)]).toEqual([
      vector.signPublicKey,
      vector.boxPublicKey,
    ]);
    expect(bytesToHex(invite.accessValue())).toBe(vector.accessValue);
    expect(bytesToHex(invite.accessHash)).toBe(vector.accessHash);
    const told = {
      budgetId,
      genesisHash: hexToBytes(vector.genesisHash),
      inviterFingerprint: hexToBytes(vector.inviterFingerprint),
      head,
    };
    expect(encodeInviteFragment({ ...told, invite })).toBe(fragment);
    const link = parseInviteFragment(fragment);
    if (!link.ok) return expect.fail(link.error.message);
    expect(link.value).toMatchObject(told);
    expect(bytesToHex(link.value.invite.accessValue())).toBe(vector.accessValue);

    const identity = identityOf(vector.newcomer);
    const acceptance = makeAcceptance({ budgetId, invite, identity });
    expect(bytesToHex(acceptance)).toBe(vector.acceptance);
    const accepted = verifyAcceptance({
      bytes: hexToBytes(vector.acceptance),
      budgetId,
      inviteId,
      inviteSignKey: hexToBytes(vector.signPublicKey),
    });
    const { uid, publicKeys } = identity;
    expect(accepted).toEqual({ ok: true, value: { uid, publicKeys } });
  });

  it.each(read('notices.json') as NoticeVector[])('of notices: $kind', (vector) => {
    const { kind, budgetId, uid, epoch } = vector;
    const by = identityOf(vector.by);
    expect(bytesToHex(makeNotice({ kind, budgetId, uid, by, epoch }))).toBe(vector.notice);
    const bytes = hexToBytes(vector.notice);
    expect(readNoticeAuthor(bytes)).toEqual({ ok: true, value: by.uid });
    const bySignKey = by.publicKeys.sign;
    expect(verifyNotice({ bytes, budgetId, kind, uid, bySignKey })).toEqual({
      ok: true,
      value: { by: by.uid, epoch },
    });
  });

  it.each(read('pins.json') as PinVector[])('of pins: $name', (vector) => {
    const { budgetId, inviteFragment } = vector;
    const identity = identityOf(vector.identity);
    const genesisHash = hexToBytes(vector.genesisHash);
    const pin = inviteFragment === '' ? { genesisHash } : { genesisHash, inviteFragment };
    const sealed = sealPin({ ...pin, budgetId, identity, random: replay(vector.random) });
    expect(bytesToHex(sealed)).toBe(vector.pin);
    const opened = openPin({ bytes: hexToBytes(vector.pin), budgetId, identity });
    expect(opened).toEqual({ ok: true, value: pin });
  });

  it('of identities, their safety number and rotation', () => {
    const people = identities.identities.map((vector) => {
      const identity = identityOf(vector.identity);
      const { sign, box } = identity.publicKeys;
      expect([bytesToHex(sign), bytesToHex(box)]).toEqual([
        vector.signPublicKey,
        vector.boxPublicKey,
      ]);
      expect(bytesToHex(fingerprintOf(identity))).toBe(vector.fingerprint);
      return identity;
    });
    const [ann, bea] = people;
    if (ann === undefined || bea === undefined) return expect.fail('two people');
    expect(safetyNumber(ann, bea)).toBe(identities.safetyNumber);

    const { identityVersion, rotation, ...vector } = identities.rotation;
    const [from, to] = [identityOf(vector.from), identityOf(vector.to)];
    expect(bytesToHex(makeIdentityRotation({ from, to, identityVersion }))).toBe(rotation);
    const verified = verifyIdentityRotation(hexToBytes(rotation), from);
    expect(verified).toEqual({
      ok: true,
      value: { identityVersion, publicKeys: to.publicKeys },
    });
  });
});
