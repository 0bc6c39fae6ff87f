import { PASSKEY_PRF_INPUT } from '../crypto/keyslot-secret.js';
import { SealsyncError } from '../errors.js';
import { passkeysUnsupported, toPasskeyFailure } from './passkey-failure.js';
import { secureRandom } from './secure-random.js';

/** In a browser all of it is there, in an old one or an insecure page a part, in Node nothing. */
interface WebAuthnPlatform {
  readonly navigator?: { readonly credentials?: CredentialsContainer };
  readonly location?: { readonly hostname: string };
  readonly PublicKeyCredential?: Partial<
    Pick<typeof PublicKeyCredential, 'getClientCapabilities' | 'signalUnknownCredential'>
  >;
}
const platform: WebAuthnPlatform = globalThis;

const PRF_BYTES = 32;
const MAX_CREDENTIAL_ID_BYTES = 1023;
const CHALLENGE_BYTES = 32;

/**
 * Whether this browser knows passkeys with PRF, or does not tell. Whether an authenticator does
 * shows when a passkey is created.
 */
export async function isPasskeySupported(): Promise<boolean> {
  const { navigator, PublicKeyCredential } = platform;
  if (!navigator?.credentials || !PublicKeyCredential) return false;
  const capabilities = await PublicKeyCredential.getClientCapabilities?.().catch(() => undefined);
  return capabilities?.['extension:prf'] !== false;
}

/** One question to the user; whatever the platform throws becomes a `SealsyncError`. */
export async function runCeremony(
  ask: () => Promise<Credential | null>,
  signal: AbortSignal | undefined,
): Promise<PublicKeyCredential> {
  let credential: Credential | null;
  try {
    credential = await ask();
  } catch (error) {
    throw toPasskeyFailure(error, signal);
  }
  if (!isPublicKeyCredential(credential)) throw passkeysUnsupported();
  return credential;
}

/** Not by `instanceof`: password managers answer with objects of their own. */
const isPublicKeyCredential = (credential: Credential | null): credential is PublicKeyCredential =>
  credential?.type === 'public-key';

export function readPrf(credential: PublicKeyCredential): Uint8Array | undefined {
  const first = credential.getClientExtensionResults().prf?.results?.first;
  if (first === undefined) return undefined;
  const prf = ArrayBuffer.isView(first)
    ? new Uint8Array(first.buffer, first.byteOffset, first.byteLength)
    : new Uint8Array(first);
  return prf.length === PRF_BYTES ? prf : undefined;
}

/** A passkey that opens nothing would stay in the user's list for ever. Not all browsers listen. */
export async function forgetPasskey(
  credentialId: string,
  rpId: string | undefined = platform.location?.hostname,
): Promise<void> {
  if (rpId === undefined) return;
  const told = platform.PublicKeyCredential?.signalUnknownCredential?.({ rpId, credentialId });
  await told?.catch(() => undefined);
}

export async function requireCredentials(): Promise<CredentialsContainer> {
  const credentials = platform.navigator?.credentials;
  if (!credentials || !(await isPasskeySupported())) throw passkeysUnsupported();
  return credentials;
}

export function describeCredentials(ids: readonly Uint8Array[]): PublicKeyCredentialDescriptor[] {
  return ids.map((id) => {
    if (id.length < 1 || id.length > MAX_CREDENTIAL_ID_BYTES) {
      throw new SealsyncError('bad_input', 'The id of a credential has 1 to 1023 bytes.');
    }
    return { type: 'public-key', id: Uint8Array.from(id) };
  });
}

/** Nobody checks the signature over it: what opens the slot is the PRF. */
export const makeChallenge = (): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(secureRandom.bytes(CHALLENGE_BYTES));

export const evaluatePrf = (): AuthenticationExtensionsClientInputs => ({
  prf: { eval: { first: Uint8Array.from(PASSKEY_PRF_INPUT) } },
});
