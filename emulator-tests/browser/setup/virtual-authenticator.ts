import type { CDPSession, Page } from 'playwright-core';

/** Chrome DevTools Protocol, `WebAuthn.VirtualAuthenticatorOptions`. */
const fingerprintReader = {
  protocol: 'ctap2',
  ctap2Version: 'ctap2_1',
  transport: 'internal',
  hasResidentKey: true,
  hasUserVerification: true,
  isUserVerified: true,
  hasPrf: true,
  automaticPresenceSimulation: true,
} as const;

export interface VirtualAuthenticator {
  /** Whether the finger is the right one. */
  setUserVerified(isUserVerified: boolean): Promise<void>;
  /** Whether somebody is there to touch it. */
  setPresence(enabled: boolean): Promise<void>;
  countPasskeys(): Promise<number>;
}

/** An authenticator of this tab: it keeps its passkeys when the tab goes to another page. */
export async function addAuthenticator(
  page: Page,
  options: { readonly hasPrf?: boolean } = {},
): Promise<VirtualAuthenticator> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { ...fingerprintReader, ...options },
  });
  return {
    setUserVerified: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
    },
    setPresence: async (enabled) => {
      await session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
    },
    countPasskeys: async () => {
      const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId });
      return credentials.length;
    },
  };
}
