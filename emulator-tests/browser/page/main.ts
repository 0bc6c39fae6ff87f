/** An app without a face: the test calls what its buttons would. */
import { initializeApp } from 'firebase/app';
import {
  browserLocalPersistence,
  connectAuthEmulator,
  createUserWithEmailAndPassword,
  initializeAuth,
  type Auth,
  type User,
} from 'firebase/auth';
import { connectFirestoreEmulator, getFirestore } from 'firebase/firestore/lite';
import {
  createPasskey,
  isPasskeySupported,
  isSealsyncError,
  openKeyslots,
  readPasskeyPrf,
  unlockWithPasskey,
  type Identity,
  type Keyslots,
} from '@sealsync/sdk';
import type { EmulatorHosts } from '../../setup/emulators.js';

const hex = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

const describeIdentity = ({ publicKeys }: Identity): string =>
  `${hex(publicKeys.sign)} ${hex(publicKeys.box)}`;

class PageApp {
  readonly #user: User;
  readonly #keyslots: Keyslots;

  constructor(user: User, keyslots: Keyslots) {
    this.#user = user;
    this.#keyslots = keyslots;
  }

  isSupported(): Promise<boolean> {
    return isPasskeySupported();
  }

  /** All three answer with the public keys of what they opened. */
  async create(passphrase: string): Promise<string> {
    return describeIdentity(await this.#keyslots.create({ passphrase }));
  }
  async unlock(passphrase: string): Promise<string> {
    return describeIdentity(await this.#keyslots.unlock({ passphrase }));
  }
  async unlockWithPasskey(options: { rpId?: string } = {}): Promise<string> {
    return describeIdentity(await unlockWithPasskey(this.#keyslots, options));
  }

  /** The slot's name, and in hex what has to stay secret and what has not. */
  async addPasskey(): Promise<{ name: string; prf: string; credentialId: string }> {
    const passkey = await createPasskey({
      user: { uid: this.#user.uid, name: 'ana@example.com' },
      appName: 'Household',
      excludeCredentialIds: await this.#listCredentialIds(),
    });
    const name = await this.#keyslots.addPasskey(passkey);
    return { name, prf: hex(passkey.prf), credentialId: hex(passkey.credentialId) };
  }

  async readPrf(): Promise<string> {
    const credentialIds = await this.#listCredentialIds();
    return hex((await readPasskeyPrf({ credentialIds })).passkeyPrf);
  }

  /** Has the browser ask for a passkey, and gives up while it waits for an answer. */
  async giveUpPasskey(): Promise<void> {
    const controller = new AbortController();
    const { credentials } = navigator;
    const ask = credentials.create.bind(credentials);
    credentials.create = (options) => {
      const asked = ask(options);
      controller.abort('The dialog was closed.');
      return asked;
    };
    const user = { uid: this.#user.uid, name: 'ana@example.com' };
    try {
      await createPasskey({ user, appName: 'Household', signal: controller.signal });
    } finally {
      credentials.create = ask;
    }
  }

  lock(): void {
    this.#keyslots.lock();
  }

  async listSlots(): Promise<string[]> {
    return (await this.#keyslots.list()).map(({ name }) => name);
  }

  async #listCredentialIds(): Promise<Uint8Array[]> {
    const slots = await this.#keyslots.list();
    return slots.flatMap(({ credentialId }) => (credentialId ? [credentialId] : []));
  }
}

class SealsyncPage {
  #app: PageApp | undefined;

  get app(): PageApp {
    if (!this.#app) throw new Error('The page has not been started.');
    return this.#app;
  }

  /** Whoever was signed in before a reload still is; another profile gets a new user. */
  async start({ projectId, authHost, firestoreHost }: EmulatorHosts): Promise<void> {
    const firebase = initializeApp({ projectId, apiKey: 'demo' });
    const auth = initializeAuth(firebase, { persistence: browserLocalPersistence });
    connectAuthEmulator(auth, `http://${authHost}`, { disableWarnings: true });
    const [host = '', port = ''] = firestoreHost.split(':');
    connectFirestoreEmulator(getFirestore(firebase), host, Number(port));
    await auth.authStateReady();
    const user = auth.currentUser ?? (await signUp(auth));
    this.#app = new PageApp(user, await openKeyslots({ firebase, user }));
  }

  async failureOf(run: Promise<unknown>): Promise<string> {
    try {
      await run;
    } catch (error) {
      return isSealsyncError(error) ? error.kind : String(error);
    }
    return 'none';
  }
}

async function signUp(auth: Auth): Promise<User> {
  const email = `${crypto.randomUUID()}@example.com`;
  return (await createUserWithEmailAndPassword(auth, email, crypto.randomUUID())).user;
}

declare global {
  /** For the tests, which call it in the page. */
  var sealsyncPage: SealsyncPage;
}
globalThis.sealsyncPage = new SealsyncPage();
