import { equalBytes } from '../bytes.js';
import type { InviteLink } from '../crypto/invite-fragment.js';
import type { BudgetId } from '../model/ids.js';
import type { BudgetList } from '../ports/budget-list.js';
import type { LocalStore, StoreError } from '../ports/local-store.js';
import type { Random } from '../ports/random.js';
import type { RemoteError } from '../ports/remote-log.js';
import { err, ok, type Result } from '../result.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import type { Landmarks } from '../sync/pull-log.js';
import type { SecurityEvent } from '../sync/security-event.js';
import { refuse, type SyncFailure } from '../sync/sync-failure.js';
import type { BudgetKeyring } from './budget-keyring.js';
import { landmarksOf, readOwnPin, sealOwnPin, type OwnPin } from './own-pin.js';

export interface BudgetNoteDeps {
  readonly budgetId: BudgetId;
  readonly identities: OwnIdentities;
  readonly list: BudgetList;
  readonly store: LocalStore;
  readonly random: Random;
  readonly keyring: Pick<BudgetKeyring, 'useInvite'>;
  readonly onSecurity: (event: SecurityEvent) => void;
}

/** Where this device keeps the hash of the first entry that it has verified. */
const GENESIS_KEY = 'genesis';

const MESSAGES = {
  pin_not_genuine:
    "This user's note of the budget was altered, or another identity of theirs sealed it: unlock the identity in use now; if it is that one, nothing shown here can be trusted.",
  fork: "This user's note names another budget than this device has verified under the same id; nothing is read.",
} as const;

/**
 * What tells a budget from another one that is served under its id: the user's own sealed
 * note, and the first entry that this device has verified. Nothing of the log is read
 * before both were.
 */
export class BudgetNote {
  readonly #deps: BudgetNoteDeps;
  #pin: OwnPin | undefined;
  #keptGenesis: Uint8Array | undefined;
  #landmarks: Landmarks | undefined;

  /** `pin` of a budget that this device has just created. */
  constructor(deps: BudgetNoteDeps, pin?: OwnPin) {
    this.#deps = deps;
    this.#pin = pin;
  }

  /** That the user came with, until the log knows them. */
  get link(): InviteLink | undefined {
    return this.#pin?.link;
  }

  /** Where the log must pass. Asked again after a failure, it reads again. */
  async landmarks(signal?: AbortSignal): Promise<Result<Landmarks, SyncFailure>> {
    if (this.#landmarks) return ok(this.#landmarks);
    const pin = this.#pin ? ok(this.#pin) : await this.#readPin(signal);
    if (!pin.ok) return pin;
    const kept = await this.#deps.store.get(GENESIS_KEY);
    if (!kept.ok) return kept;
    const noted = pin.value?.genesisHash;
    if (noted && kept.value && !equalBytes(noted, kept.value)) return this.#refuse('fork');
    this.#pin = pin.value;
    this.#keptGenesis = kept.value;
    this.#deps.keyring.useInvite(pin.value?.link?.invite);
    this.#landmarks = landmarksOf(pin.value, kept.value);
    return ok(this.#landmarks);
  }

  /** Remembers on this device which log it has verified, for when the note is withheld. */
  async keepGenesis(genesisHash: Uint8Array): Promise<Result<void, StoreError>> {
    if (this.#keptGenesis) return ok();
    const put = new Map([[GENESIS_KEY, genesisHash]]);
    const kept = await this.#deps.store.commit({ put });
    if (kept.ok) this.#keptGenesis = genesisHash;
    return kept;
  }

  /** Notes the budget without the link, for the identity in use, unless that was done. */
  async write(genesisHash: Uint8Array, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    const isNoted = this.#pin && !this.#pin.link && !this.#pin.isOutdated;
    return isNoted ? ok() : this.renew(genesisHash, signal);
  }

  /** Notes it for the identity in use, whatever was noted before. */
  async renew(genesisHash: Uint8Array, signal?: AbortSignal): Promise<Result<void, RemoteError>> {
    // A note that was not read may say something else.
    if (!this.#landmarks) return ok();
    const { budgetId, identities, list, random, keyring } = this.#deps;
    const bytes = sealOwnPin(budgetId, identities, { genesisHash }, random);
    const written = await list.putPin(budgetId, bytes, signal);
    if (!written.ok) return written;
    this.#pin = { genesisHash, isOutdated: false };
    keyring.useInvite(undefined);
    return written;
  }

  async #readPin(signal?: AbortSignal): Promise<Result<OwnPin | undefined, SyncFailure>> {
    const { list, budgetId, identities } = this.#deps;
    const read = await readOwnPin(list, budgetId, identities, signal);
    if (read.ok) return read;
    const { error } = read;
    if (error.kind === 'not_authentic') return this.#refuse('pin_not_genuine');
    if (error.kind !== 'upgrade_required') return err(error);
    return refuse('upgrade_required', `${error.message} Update the app.`);
  }

  #refuse(kind: keyof typeof MESSAGES): Result<never, SyncFailure> {
    const message = MESSAGES[kind];
    this.#deps.onSecurity({ kind, seq: 1, message });
    return refuse('not_genuine', message);
  }
}
