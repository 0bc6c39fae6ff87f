import { documentPerRecord } from './document-per-record.js';
import type { Peer } from './peer.js';
import { rxdbPlaintext } from './rxdb.js';
import { wholeBlob } from './whole-blob.js';

/** What a user would pick instead of Sealsync. */
export const peers: readonly Peer[] = [documentPerRecord, wholeBlob, rxdbPlaintext];
