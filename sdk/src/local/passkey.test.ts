import { beforeEach, describe, expect, it, vi } from 'vitest';
import { PASSKEY_PRF_INPUT } from '../crypto/keyslot-secret.js';
import { isSealsyncError } from '../errors.js';
import { createPasskey, readPasskeyPrf } from './passkey.js';
import { isPasskeySupported } from './webauthn.js';

/** A browser whose answers are set by hand; emulator-tests/browser asks a real one. */
const asked: { create: CredentialCreationOptions[]; get: CredentialRequestOptions[] } = {
  create: [],
  get: [],
};
const forgotten: string[] = [];
const credentialId = Uint8Array.of(1, 2, 3);
const secret = new Uint8Array(32).fill(7);

function answer(prf?: AuthenticationExtensionsPRFOutputs): Promise<unknown> {
  const { buffer: rawId } = credentialId;
  const results = prf === undefined ? {} : { prf };
  const credential = { type: 'public-key', id: 'AQID', rawId };
  return Promise.resolve({ ...credential, getClientExtensionResults: () => results });
}
const reject = (name: string) => (): Promise<never> => Promise.reject(new DOMException('no', name));

function stubBrowser(answers: {
  create?: () => Promise<unknown>;
  get?: () => Promise<unknown>;
  capabilities?: Record<string, boolean>;
}): void {
  const { create = reject('UnknownError'), get = reject('UnknownError'), capabilities } = answers;
  vi.stubGlobal('navigator', {
    credentials: {
      create: (options: CredentialCreationOptions) => {
        asked.create.push(options);
        return create();
      },
      get: (options: CredentialRequestOptions) => {
        asked.get.push(options);
        return get();
      },
    },
  });
  vi.stubGlobal('location', { hostname: 'app.example.com' });
  vi.stubGlobal('PublicKeyCredential', {
    ...(capabilities && { getClientCapabilities: () => Promise.resolve(capabilities) }),
    signalUnknownCredential: ({ rpId, credentialId: id }: Record<string, string>) => {
      forgotten.push(`${rpId ?? ''} ${id ?? ''}`);
      return Promise.reject(new Error('a browser that does not care'));
    },
  });
}

const options = { user: { uid: 'ana', name: 'ana@example.com' }, appName: 'Household' };

async function failureOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => 'none',
    (reason: unknown) => reason,
  );
  return isSealsyncError(error) ? error.kind : String(error);
}

beforeEach(() => {
  asked.create.length = 0;
  asked.get.length = 0;
  forgotten.length = 0;
});

describe('createPasskey', () => {
  it('asks once where the PRF comes with the passkey', async () => {
    stubBrowser({ create: () => answer({ enabled: true, results: { first: secret.buffer } }) });
    expect(await createPasskey(options)).toEqual({ prf: secret, credentialId });
    expect(asked.get).toEqual([]);
  });

  it('asks a second time where the authenticator answers only for a passkey that exists', async () => {
    stubBrowser({
      create: () => answer({ enabled: true }),
      get: () => answer({ results: { first: secret } }),
    });
    const made = await createPasskey({ ...options, rpId: 'example.com' });
    expect(made).toEqual({ prf: secret, credentialId });
    expect(asked.get[0]?.publicKey).toMatchObject({
      rpId: 'example.com',
      allowCredentials: [{ type: 'public-key', id: credentialId }],
      userVerification: 'required',
      extensions: { prf: { eval: { first: PASSKEY_PRF_INPUT } } },
    });
  });

  it('asks for a verified user, a passkey that lasts, and the PRF, with a fresh challenge', async () => {
    stubBrowser({ create: () => answer({ enabled: true, results: { first: secret } }) });
    await createPasskey(options);
    await createPasskey({ ...options, excludeCredentialIds: [credentialId] });
    const [first, second] = asked.create.map(({ publicKey }) => publicKey);
    expect(first).toMatchObject({
      rp: { name: 'Household' },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      extensions: { prf: { eval: { first: PASSKEY_PRF_INPUT } } },
      excludeCredentials: [],
    });
    expect(second?.excludeCredentials).toEqual([{ type: 'public-key', id: credentialId }]);
    expect(second?.challenge).not.toEqual(first?.challenge);
    expect(second?.challenge.byteLength).toBe(32);
  });

  it("keeps clear of the app's own passkeys, and of other users of the authenticator", async () => {
    stubBrowser({ create: () => answer({ enabled: true, results: { first: secret } }) });
    await createPasskey(options);
    await createPasskey({ ...options, user: { ...options.user, uid: 'ben' } });
    const [ana, ben] = asked.create.map(({ publicKey }) => publicKey?.user.id);
    expect(ana).not.toEqual(new TextEncoder().encode('ana'));
    expect(ana).not.toEqual(ben);
  });

  it.each([
    ['says so', { enabled: false }],
    ['says nothing', undefined],
    ['answers with too few bytes', { results: { first: new Uint8Array(16) } }],
  ])('refuses an authenticator without PRF that %s, and gives its passkey up', async (_, prf) => {
    stubBrowser({ create: () => answer(prf) });
    expect(await failureOf(createPasskey(options))).toBe('passkey_unsupported');
    await failureOf(createPasskey({ ...options, rpId: 'example.com' }));
    expect(forgotten).toEqual(['app.example.com AQID', 'example.com AQID']);
    expect(asked.get).toEqual([]);
  });

  it('gives a passkey up whose promised PRF never comes', async () => {
    stubBrowser({ create: () => answer({ enabled: true }), get: () => answer() });
    expect(await failureOf(createPasskey(options))).toBe('passkey_unsupported');
    expect(forgotten).toHaveLength(1);
  });

  it('tells a second question that was cancelled', async () => {
    stubBrowser({ create: () => answer({ enabled: true }), get: reject('NotAllowedError') });
    expect(await failureOf(createPasskey(options))).toBe('passkey_cancelled');
  });

  it.each([
    ['NotAllowedError', 'passkey_cancelled'],
    ['AbortError', 'passkey_cancelled'],
    ['NotSupportedError', 'passkey_unsupported'],
    ['ConstraintError', 'passkey_unsupported'],
    ['InvalidStateError', 'passkey_exists'],
    ['SecurityError', 'bad_input'],
    ['UnknownError', 'failed'],
  ])('turns %s of the browser into %s', async (name, kind) => {
    stubBrowser({ create: reject(name) });
    expect(await failureOf(createPasskey(options))).toBe(kind);
  });

  it('counts as cancelled when the app gives up, whatever its reason', async () => {
    const controller = new AbortController();
    controller.abort('the dialog was closed');
    stubBrowser({ create: () => Promise.reject(controller.signal.reason as Error) });
    const { signal } = controller;
    expect(await failureOf(createPasskey({ ...options, signal }))).toBe('passkey_cancelled');
    expect(asked.create[0]?.signal).toBe(signal);
  });

  it.each([
    { ...options, user: { uid: '', name: 'Ana' } },
    { ...options, user: { uid: 'ana', name: '' } },
    { ...options, appName: '' },
    { ...options, excludeCredentialIds: [new Uint8Array(1024)] },
  ])('asks nobody for what cannot be made', async (wrong) => {
    stubBrowser({});
    expect(await failureOf(createPasskey(wrong))).toBe('bad_input');
    expect(asked.create).toEqual([]);
  });
});

describe('readPasskeyPrf', () => {
  it('takes the PRF from the middle of a larger buffer, as some password managers answer', async () => {
    const larger = new Uint8Array(64);
    larger.set(secret, 16);
    stubBrowser({ get: () => answer({ results: { first: larger.subarray(16, 48) } }) });
    const read = await readPasskeyPrf({ credentialIds: [credentialId] });
    expect(read).toEqual({ passkeyPrf: secret });
  });

  it.each([{ credentialIds: [] }, { credentialIds: [new Uint8Array()] }])(
    'asks nobody without a passkey to ask for',
    async (wrong) => {
      stubBrowser({});
      expect(await failureOf(readPasskeyPrf(wrong))).toBe('bad_input');
      expect(asked.get).toEqual([]);
    },
  );

  it('refuses a passkey without PRF', async () => {
    stubBrowser({ get: () => answer() });
    const read = readPasskeyPrf({ credentialIds: [credentialId] });
    expect(await failureOf(read)).toBe('passkey_unsupported');
  });

  it('refuses an answer that is no passkey', async () => {
    stubBrowser({ get: () => Promise.resolve(null) });
    const read = readPasskeyPrf({ credentialIds: [credentialId] });
    expect(await failureOf(read)).toBe('passkey_unsupported');
  });
});

describe('isPasskeySupported', () => {
  it('is what the browser says, and yes where it does not say', async () => {
    stubBrowser({ capabilities: { 'extension:prf': true } });
    expect(await isPasskeySupported()).toBe(true);
    stubBrowser({ capabilities: {} });
    expect(await isPasskeySupported()).toBe(true);
    stubBrowser({});
    expect(await isPasskeySupported()).toBe(true);
  });

  it('is no without WebAuthn or PRF, and nobody is asked then', async () => {
    stubBrowser({ capabilities: { 'extension:prf': false } });
    expect(await isPasskeySupported()).toBe(false);
    expect(await failureOf(createPasskey(options))).toBe('passkey_unsupported');
    expect(asked.create).toEqual([]);
    vi.stubGlobal('navigator', {});
    expect(await isPasskeySupported()).toBe(false);
    vi.unstubAllGlobals();
    expect(await failureOf(readPasskeyPrf({ credentialIds: [credentialId] }))).toBe(
      'passkey_unsupported',
    );
  });
});
