import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { type BudgetId, isBudgetId } from '../model/ids.js';
import { type Result, err, ok } from '../result.js';
import { readUint64, writeUint64 } from './integers.js';
import { type InviteSecret, createInviteSecret, lendInviteSecret } from './invite-secret.js';
import { sodium } from './sodium.js';

/*
 * version 1 | budgetId 16 | inviteId 16 | secret 32 | genesisHash 32 | inviterFingerprint 32
 * | seq 8 | head8 8 | checksum 4, in base64url without padding. Fragments stay in the browser.
 */

/** What an invite's link tells, besides the app's own address. */
export interface InviteLink {
  readonly budgetId: BudgetId;
  readonly invite: InviteSecret;
  /** SHA-256 of the log's first frame. */
  readonly genesisHash: Uint8Array;
  /** 32 bytes, see `fingerprintOf`. */
  readonly inviterFingerprint: Uint8Array;
  /** The log as the inviter saw it: a position, and the start of its frame's hash in hex. */
  readonly head: { readonly seq: number; readonly head8: string };
}

export interface InviteLinkError {
  readonly kind: 'malformed' | 'truncated' | 'upgrade_required';
  readonly message: string;
}

const VERSION = 1;
/** What starts with more is no link of any version. */
const LAST_VERSION = 15;
const AT = { budgetId: 1, inviteId: 17, secret: 33, genesis: 65, inviter: 97, seq: 129, head: 137 };
const CHECKSUM_AT = 145;
const CHECKSUM_BYTES = 4;
const LENGTH: number = CHECKSUM_AT + CHECKSUM_BYTES;
/** Base64 of {@link LENGTH} bytes without padding. */
const TEXT_LENGTH: number = Math.ceil((LENGTH * 8) / 6);
const BASE64URL = /^[A-Za-z0-9_-]*$/;
const HEAD8 = /^[0-9a-f]{16}$/;

/** The fragment of the link, without `#`: a secret, to be shown to the invited person only. */
export function encodeInviteFragment(link: InviteLink): string {
  const { budgetId, invite, genesisHash, inviterFingerprint, head } = link;
  if (genesisHash.length !== 32) throw new RangeError('A genesis hash is 32 bytes.');
  if (inviterFingerprint.length !== 32) throw new RangeError('A fingerprint is 32 bytes.');
  if (!HEAD8.test(head.head8)) throw new RangeError('head8 is 16 hex digits.');
  if (!Number.isSafeInteger(head.seq) || head.seq < 1) throw new RangeError('seq is from 1.');
  const bytes = new Uint8Array(LENGTH);
  bytes[0] = VERSION;
  bytes.set(hexToBytes(budgetId), AT.budgetId);
  bytes.set(hexToBytes(invite.inviteId), AT.inviteId);
  lendInviteSecret(invite, (secret) => bytes.set(secret, AT.secret));
  bytes.set(genesisHash, AT.genesis);
  bytes.set(inviterFingerprint, AT.inviter);
  writeUint64(new DataView(bytes.buffer), AT.seq, head.seq);
  bytes.set(hexToBytes(head.head8), AT.head);
  bytes.set(checksumOf(bytes), CHECKSUM_AT);
  const text = sodium().to_base64(bytes, sodium().base64_variants.URLSAFE_NO_PADDING);
  bytes.fill(0);
  return text;
}

/**
 * Reads a fragment, with or without its `#`. `truncated` for one that is cut short, as
 * happens to long links in mail; `malformed` for any other change to it; `upgrade_required`
 * for a link of a newer app. Says nothing of whether the invite still stands.
 */
export function parseInviteFragment(fragment: string): Result<InviteLink, InviteLinkError> {
  const text = fragment.trim().replace(/^#/, '');
  if (!BASE64URL.test(text)) return malformed();
  if (text.length >= 2) {
    const version = decode(text.slice(0, 4).padEnd(4, 'A'))?.[0];
    if (version === undefined || version < VERSION || version > LAST_VERSION) {
      return malformed();
    }
    if (version > VERSION) {
      return err({ kind: 'upgrade_required', message: 'A newer app made this invite link.' });
    }
  }
  if (text.length < TEXT_LENGTH) {
    return err({ kind: 'truncated', message: 'The end of this invite link is missing.' });
  }
  const bytes = text.length === TEXT_LENGTH ? decode(text) : undefined;
  if (bytes === undefined) return malformed();
  const link = readLink(bytes);
  bytes.fill(0);
  return link;
}

function readLink(bytes: Uint8Array): Result<InviteLink, InviteLinkError> {
  if (!sodium().memcmp(bytes.subarray(CHECKSUM_AT), checksumOf(bytes))) return malformed();
  const budgetId = bytesToHex(bytes.subarray(AT.budgetId, AT.inviteId));
  const seq = readUint64(new DataView(bytes.buffer, bytes.byteOffset), AT.seq);
  if (!isBudgetId(budgetId) || !Number.isSafeInteger(seq) || seq < 1) return malformed();
  const inviteId = bytesToHex(bytes.subarray(AT.inviteId, AT.secret));
  return ok({
    budgetId,
    invite: createInviteSecret(inviteId, bytes.subarray(AT.secret, AT.genesis)),
    genesisHash: bytes.slice(AT.genesis, AT.inviter),
    inviterFingerprint: bytes.slice(AT.inviter, AT.seq),
    head: { seq, head8: bytesToHex(bytes.subarray(AT.head, CHECKSUM_AT)) },
  });
}

/** Against accidents only: who can change a link can make another. */
function checksumOf(bytes: Uint8Array): Uint8Array {
  return sha256(bytes.subarray(0, CHECKSUM_AT)).subarray(0, CHECKSUM_BYTES);
}

function decode(text: string): Uint8Array | undefined {
  try {
    return sodium().from_base64(text, sodium().base64_variants.URLSAFE_NO_PADDING);
  } catch {
    return undefined;
  }
}

function malformed(): Result<never, InviteLinkError> {
  return err({ kind: 'malformed', message: 'This is not an invite link, or it was changed.' });
}
