import { SealsyncError } from '../errors.js';
import type { Loss } from './state-machine.js';

/** What an app is told of a loss: why, and what helps. Never what a peer or the server wrote. */
export function describeLoss(loss: Loss): SealsyncError {
  switch (loss.kind) {
    case 'token_unavailable':
      return new SealsyncError('offline', 'No ID token could be fetched; it is tried again.');
    case 'token_unusable':
      return new SealsyncError('unauthenticated', 'There is no usable ID token: sign in again.');
    case 'socket_refused':
      return new SealsyncError(
        'bad_config',
        'The platform refused to open the signaling URL: check it, and use wss:// on https pages.',
      );
    case 'wrong_subprotocol':
      return new SealsyncError(
        'upgrade_required',
        'The server does not speak this version of the protocol: check the URL, or upgrade.',
      );
    case 'connect_timeout':
      return new SealsyncError('offline', 'The signaling server did not answer in time.');
    case 'pong_missed':
      return new SealsyncError('offline', 'The signaling server stopped answering.');
    case 'closed':
      return describeClose(loss);
  }
}

function describeClose({ closeCode, reaction }: Loss): SealsyncError {
  const code = String(closeCode);
  if (closeCode === 4401) {
    return new SealsyncError('unauthenticated', 'The server refused the ID token: sign in again.');
  }
  if (closeCode === 4403) {
    return new SealsyncError(
      'access_denied',
      'This user may not listen to the budget: ask an owner for an invitation.',
    );
  }
  if (reaction !== 'stop') {
    return new SealsyncError('offline', `The signaling connection was lost (code ${code}).`);
  }
  return new SealsyncError(
    closeCode === 1000 ? 'closed' : 'upgrade_required',
    `The signaling server ended the connection for good (code ${code}): upgrade, or call reconnect().`,
  );
}
