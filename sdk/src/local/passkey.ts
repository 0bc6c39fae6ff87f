import { sha256 } from '@noble/hashes/sha2.js';
import { SealsyncError } from '../errors.js';
import { passkeysUnsupported } from './passkey-failure.js';
import {
  describeCredentials,
  evaluatePrf,
  forgetPasskey,
  makeChallenge,
  readPrf,
  requireCredentials,
  runCeremony,
} from './webauthn.js';

/** COSE numbers: Ed25519, ES256, RS256. Nobody checks the signature, so any will do. */
const ALGORITHMS = [-8, -7, -257] as const;

export interface CreatePasskeyOptions {
  readonly user: {
    /** A passkey of the same user on the same authenticator is replaced. */
    readonly uid: string;
    /** What the browser shows beside the passkey, such as an e-mail address. */
    readonly name: string;
  };
  /** What the browser says that the passkey is for. */
  readonly appName: string;
  /** A domain that the page's host is or ends in; the host by default. It cannot be changed later. */
  readonly rpId?: string;
  /** Authenticators that hold one of these refuse with `passkey_exists`, instead of replacing it. */
  readonly excludeCredentialIds?: readonly Uint8Array[];
  readonly signal?: AbortSignal;
}

export interface ReadPasskeyPrfOptions {
  /** Any of these passkeys will do; `keyslots.list()` tells them. At least one. */
  readonly credentialIds: readonly Uint8Array[];
  /** As given when they were created. */
  readonly rpId?: string;
  readonly signal?: AbortSignal;
}

/**
 * Asks the user to make a discoverable passkey, with user verification, and answers with what
 * `keyslots.addPasskey` takes: `prf` of 32 bytes (WebAuthn Level 3, 10.1.4) and `credentialId`.
 * The user is asked twice where the authenticator evaluates the PRF only for an existing passkey.
 * Call it from a click: browsers refuse it otherwise.
 *
 * Throws `passkey_unsupported`, `passkey_cancelled`, `passkey_exists`, `bad_input`, `failed`.
 */
export async function createPasskey(
  options: CreatePasskeyOptions,
): Promise<{ readonly prf: Uint8Array; readonly credentialId: Uint8Array }> {
  const { user, appName, rpId, excludeCredentialIds = [], signal } = options;
  requireText(user.uid, 'user.uid');
  requireText(user.name, 'user.name');
  requireText(appName, 'appName');
  const excludeCredentials = describeCredentials(excludeCredentialIds);
  const credentials = await requireCredentials();
  const publicKey: PublicKeyCredentialCreationOptions = {
    challenge: makeChallenge(),
    rp: { name: appName, ...(rpId === undefined ? {} : { id: rpId }) },
    user: { id: hashUid(user.uid), name: user.name, displayName: user.name },
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    excludeCredentials,
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
    extensions: evaluatePrf(),
  };
  const created = await runCeremony(
    () => credentials.create({ publicKey, ...(signal === undefined ? {} : { signal }) }),
    signal,
  );
  const credentialId = new Uint8Array(created.rawId);
  let prf = readPrf(created);
  if (!prf && created.getClientExtensionResults().prf?.enabled) {
    prf = await askForPrf(credentials, { ...options, credentialIds: [credentialId] });
  }
  if (!prf) {
    await forgetPasskey(created.id, rpId);
    throw passkeysUnsupported();
  }
  return { prf, credentialId };
}

/**
 * Asks the user for one of these passkeys, with user verification, and answers with what
 * `keyslots.unlock` takes: its PRF of 32 bytes. Call it from a click.
 *
 * Throws `passkey_unsupported`, `passkey_cancelled`, `bad_input`, `failed`.
 */
export async function readPasskeyPrf(
  options: ReadPasskeyPrfOptions,
): Promise<{ readonly passkeyPrf: Uint8Array }> {
  if (options.credentialIds.length === 0) {
    throw new SealsyncError('bad_input', 'Without a credential id there is no passkey to ask for.');
  }
  describeCredentials(options.credentialIds);
  const passkeyPrf = await askForPrf(await requireCredentials(), options);
  if (!passkeyPrf) throw passkeysUnsupported();
  return { passkeyPrf };
}

async function askForPrf(
  credentials: CredentialsContainer,
  { credentialIds, rpId, signal }: ReadPasskeyPrfOptions,
): Promise<Uint8Array | undefined> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    challenge: makeChallenge(),
    allowCredentials: describeCredentials(credentialIds),
    userVerification: 'required',
    extensions: evaluatePrf(),
    ...(rpId === undefined ? {} : { rpId }),
  };
  const found = await runCeremony(
    () => credentials.get({ publicKey, ...(signal === undefined ? {} : { signal }) }),
    signal,
  );
  return readPrf(found);
}

function requireText(text: string, name: string): void {
  if (text === '') throw new SealsyncError('bad_input', `\`${name}\` is empty: give it a text.`);
}

/**
 * The user handle. Not the uid itself, which the app may use for passkeys to sign in with: an
 * authenticator keeps one passkey of each handle.
 */
function hashUid(uid: string): Uint8Array<ArrayBuffer> {
  const text = new TextEncoder().encode(`sealsync.v1 passkey user ${uid}`);
  return Uint8Array.from(sha256(text));
}
