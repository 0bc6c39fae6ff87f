import { bytesToHex } from '@noble/hashes/utils.js';
import { equalBytes } from '../bytes.js';
import type { EpochKey } from '../crypto/epoch-key.js';
import { parseFrame } from '../crypto/frame.js';
import type { Identity } from '../crypto/identity.js';
import type { InviteSecret } from '../crypto/invite-secret.js';
import { openPreviousKey } from '../crypto/previous-key.js';
import { unwrapEpochKey } from '../crypto/wrap-epoch-key.js';
import { parseWrappedKey } from '../crypto/wrapped-key.js';
import type { BudgetId } from '../model/ids.js';
import type { RemoteError, RemoteLog, StoredEntry } from '../ports/remote-log.js';
import type { WrappedKeys } from '../ports/wrapped-keys.js';
import { ok, type Result } from '../result.js';
import { firstStatementOf } from '../sync/first-statement.js';
import type { LogPosition } from '../sync/log-position.js';
import type { OwnIdentities } from '../sync/own-identities.js';
import type { SecurityEvent } from '../sync/security-event.js';
import type { EpochKeys } from '../sync/verify-entry.js';

export interface BudgetKeyringDeps {
  readonly budgetId: BudgetId;
  readonly identities: OwnIdentities;
  readonly log: Pick<RemoteLog, 'read' | 'readHead' | 'readEpochStart'>;
  readonly wraps: WrappedKeys;
  readonly onSecurity: (event: SecurityEvent) => void;
  /** This device holds one more key. */
  readonly onKey: (key: EpochKey) => void;
  /** This device has asked the others to wrap a key again. */
  readonly onWrapRefused: () => void;
}

/**
 * What a recipient stores in place of a wrap that does not open, so that the others see that
 * it takes another one.
 */
const REFUSED_WRAP: Uint8Array = new Uint8Array([0]);

const MESSAGES = {
  identity_mismatch:
    'The key of the budget is wrapped for another identity of this user: unlock the identity that joined the budget.',
  key_not_genuine:
    "A key of the budget was swapped or damaged and is not used: another member's device wraps it again when it is next online.",
} as const;

/** So many of the newest epochs may be ones that somebody only pretended to start. */
const MAX_MISSED_EPOCHS = 3;
/** So many entries may stand in front of the one that starts an epoch. */
const MAX_BEFORE_START = 30;

/** Where the way from the newest key to an earlier one has come to. */
interface Walk {
  later: number;
  /** What an entry of that epoch is known to be sealed under, where one is. */
  kid: Uint8Array | undefined;
  /** Keys that nobody has wrapped for this user. */
  readonly tried: Set<string>;
}

/** The key that seals an epoch, and where the log says so. */
interface WantedKey {
  readonly epoch: number;
  readonly kid: Uint8Array;
}

/**
 * The epoch keys of one budget that this device holds. A key counts only if it is the one
 * that the `kid` of an entry commits to, so it does not matter who handed it over.
 */
export class BudgetKeyring implements EpochKeys {
  readonly #deps: BudgetKeyringDeps;
  readonly #keys = new Map<string, EpochKey>();
  #invite: InviteSecret | undefined;

  constructor(deps: BudgetKeyringDeps) {
    this.#deps = deps;
  }

  add(key: EpochKey): void {
    this.#keys.set(bytesToHex(key.kid), key);
    this.#deps.onKey(key);
  }

  /** Takes back the keys that an earlier run had obtained. */
  restore(keys: Iterable<EpochKey>): void {
    for (const key of keys) this.#keys.set(bytesToHex(key.kid), key);
  }

  /** Keys that are wrapped for the invite open as well, until the log knows the newcomer. */
  useInvite(invite: InviteSecret | undefined): void {
    if (this.#invite !== invite) this.#invite?.wipe();
    this.#invite = invite;
  }

  find(epoch: number, kid: Uint8Array): EpochKey | undefined {
    const key = this.#keys.get(bytesToHex(kid));
    return key?.epoch === epoch ? key : undefined;
  }

  async obtain(
    epoch: number,
    kid: Uint8Array,
    { seq }: LogPosition,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const unwrapped = await this.#unwrap({ epoch, kid }, seq, signal);
    if (!unwrapped.ok) return unwrapped;
    return unwrapped.value ? ok() : this.#obtainFromLater(epoch, seq, signal);
  }

  /** Zeroes all keys; nothing opens any more. */
  wipe(): void {
    for (const key of this.#keys.values()) key.wipe();
    this.#keys.clear();
    this.#invite?.wipe();
    this.#invite = undefined;
  }

  /** The key as it was wrapped for this user, or for the invite that they came with. */
  async #unwrap(
    wanted: WantedKey,
    seq: number,
    signal?: AbortSignal,
  ): Promise<Result<EpochKey | undefined, RemoteError>> {
    const { identities, wraps } = this.#deps;
    // Who is still joining has a wrap for the invite, and none of their own yet.
    const recipients = this.#invite
      ? [this.#invite.identity, ...identities.all]
      : [...identities.all];
    for (const uid of new Set(recipients.map((recipient) => recipient.uid))) {
      const stored = await wraps.read(wanted.kid, uid, signal);
      if (!stored.ok) return stored;
      if (!stored.value) continue;
      const own = recipients.filter((recipient) => recipient.uid === uid);
      const key = this.#openWrap(stored.value, wanted, own);
      if (key) return ok(key);
      await this.#reportWrap(stored.value, wanted, seq, signal);
    }
    return ok(undefined);
  }

  #openWrap(
    bytes: Uint8Array,
    { epoch, kid }: WantedKey,
    recipients: readonly Identity[],
  ): EpochKey | undefined {
    const { budgetId } = this.#deps;
    for (const identity of recipients) {
      const opened = unwrapEpochKey({
        bytes,
        identity,
        wrapperSignKey: undefined,
        budgetId,
        epoch,
        kid,
      });
      if (!opened.ok) continue;
      this.add(opened.value);
      return opened.value;
    }
    return undefined;
  }

  async #reportWrap(
    bytes: Uint8Array,
    { epoch, kid }: WantedKey,
    seq: number,
    signal?: AbortSignal,
  ): Promise<void> {
    if (equalBytes(bytes, REFUSED_WRAP)) return;
    const { identities, wraps, onSecurity, onWrapRefused } = this.#deps;
    const parsed = parseWrappedKey(bytes);
    const isMine = parsed.ok && parsed.value.context.recipient === identities.uid;
    const fits = (box: Uint8Array): boolean =>
      identities.all.some(({ publicKeys }) => equalBytes(publicKeys.box, box));
    if (isMine && !fits(parsed.value.context.recipientBox)) {
      onSecurity({ kind: 'identity_mismatch', seq, message: MESSAGES.identity_mismatch });
      return;
    }
    onSecurity({ kind: 'key_not_genuine', seq, message: MESSAGES.key_not_genuine });
    // Nobody but its recipient can tell that a wrap in its place holds a wrong key.
    if (!isMine) return;
    const refused = { epoch, kid, recipient: identities.uid, wrap: REFUSED_WRAP };
    if ((await wraps.put([refused], signal)).ok) onWrapRefused();
  }

  /**
   * Every entry that starts an epoch has the key before it under its own, so from the newest
   * key all earlier ones follow. Nothing read here is trusted: a key has to fit its `kid`, and
   * what cannot be read is passed by, since any member who may write can append it.
   */
  async #obtainFromLater(
    epoch: number,
    seq: number,
    signal?: AbortSignal,
  ): Promise<Result<void, RemoteError>> {
    const { log } = this.#deps;
    const head = await log.readHead(signal);
    if (!head.ok) return head;
    const walk: Walk = {
      later: head.value.epoch,
      kid: wantedBy(head.value)?.kid,
      tried: new Set(),
    };
    let misses = 0;
    while (walk.later > epoch && misses < MAX_MISSED_EPOCHS) {
      const previous = await this.#obtainBefore(walk, seq, signal);
      if (!previous.ok) return previous;
      if (!previous.value) misses += 1;
      walk.kid = previous.value?.kid;
      walk.later = previous.value?.epoch ?? walk.later - 1;
    }
    return ok();
  }

  /** The key of the epoch before `later`. Members can put what they like in front of its start. */
  async #obtainBefore(
    { later, kid, tried }: Readonly<Walk>,
    seq: number,
    signal?: AbortSignal,
  ): Promise<Result<EpochKey | undefined, RemoteError>> {
    const { log } = this.#deps;
    const first = await log.readEpochStart(later, signal);
    if (!first.ok || !first.value) return first.ok ? ok(undefined) : first;
    const opened = await this.#openStart(first.value, tried, seq, signal);
    if (!opened.ok || opened.value) return opened;
    const firstKid = wantedBy(first.value)?.kid;
    if (!kid || (firstKid && equalBytes(firstKid, kid))) return ok(undefined);
    const page = await log.read({ after: first.value.seq, limit: MAX_BEFORE_START }, signal);
    if (!page.ok) return page;
    for (const entry of page.value.filter((each) => each.epoch === later)) {
      const found = await this.#openStart(entry, tried, seq, signal);
      if (!found.ok || found.value) return found;
    }
    return ok(undefined);
  }

  /** Looks for the key of an entry once for each `kid`, and opens the one before it. */
  async #openStart(
    entry: StoredEntry,
    tried: Set<string>,
    seq: number,
    signal?: AbortSignal,
  ): Promise<Result<EpochKey | undefined, RemoteError>> {
    const wanted = wantedBy(entry);
    if (wanted?.epoch !== entry.epoch) return ok(undefined);
    const held = this.find(wanted.epoch, wanted.kid);
    if (held) return ok(this.#openPrevious(entry, held));
    const id = bytesToHex(wanted.kid);
    if (tried.has(id)) return ok(undefined);
    tried.add(id);
    const unwrapped = await this.#unwrap(wanted, seq, signal);
    if (!unwrapped.ok) return unwrapped;
    return ok(unwrapped.value && this.#openPrevious(entry, unwrapped.value));
  }

  #openPrevious(start: StoredEntry, key: EpochKey): EpochKey | undefined {
    const frame = parseFrame(start.frame);
    if (!frame.ok) return undefined;
    const statement = firstStatementOf(frame.value, key);
    if (statement?.type !== 'epoch_started') return undefined;
    const { previousEpoch: epoch, previousKid: kid, previousKey } = statement;
    if (epoch >= key.epoch) return undefined;
    const known = this.find(epoch, kid);
    if (known) return known;
    const previous = openPreviousKey(previousKey, key, { epoch, kid });
    if (!previous.ok) return undefined;
    this.add(previous.value);
    return previous.value;
  }
}

function wantedBy(entry: StoredEntry): WantedKey | undefined {
  const frame = parseFrame(entry.frame);
  return frame.ok ? frame.value.header : undefined;
}
