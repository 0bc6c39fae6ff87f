/** Largest text frame of any message but `auth`, in UTF-8 bytes. */
export const MAX_MESSAGE_BYTES = 1024;

/** Largest `auth` text frame, in UTF-8 bytes: ID tokens run from 0.5 to over 4 kB. */
export const MAX_AUTH_MESSAGE_BYTES = 8192;

/** Longest ID token accepted in the handshake or in `auth`, in characters. */
export const MAX_TOKEN_LENGTH = 7168;

/** How long a connection may take to send an accepted `connected`. */
export const JOIN_DEADLINE_MS = 10_000;

/** How often a client sends `ping`. */
export const HEARTBEAT_INTERVAL_MS = 30_000;

/** How long a client waits for the matching `pong`. */
export const PONG_TIMEOUT_MS = 5_000;
