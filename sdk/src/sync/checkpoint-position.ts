import type { Item } from '../codec/cbor.js';
import type { Attested, Checkpoint } from './checkpoint.js';
import { isArray, isBytes, isCount, isUid, peopleItems, readPeople } from './checkpoint-people.js';
import { MAX_DISPUTED, type DigestTrail } from './log-position.js';

const HASH_BYTES = 32;
const ITEMS = 13;

/** All of a checkpoint but its state. */
export type CheckpointHead = Omit<Checkpoint, 'state'>;

export function headItem({ position, peopleFrames, attested }: CheckpointHead): Item {
  const { seq, hash, epoch, kid, previousEpoch, epochStartedAt, peopleHash, digests } = position;
  return [
    seq,
    hash,
    epoch,
    kid ?? null,
    previousEpoch,
    epochStartedAt,
    peopleHash,
    digests.seq,
    digests.disputed,
    peopleItems(position),
    peopleFrames,
    attested?.seq ?? 0,
    attested?.author ?? '',
  ];
}

/** What {@link headItem} was made of, or undefined. */
export function readHead(item: Item | undefined): CheckpointHead | undefined {
  if (!isArray(item) || item.length !== ITEMS) return undefined;
  const [seq, hash, epoch, kid, previousEpoch, epochStartedAt, peopleHash] = item;
  const [digestSeq, disputed, people, frames, attestedSeq, attestedAuthor] = item.slice(7);
  if (!isCount(seq) || !isCount(epoch) || !isCount(previousEpoch) || !isCount(epochStartedAt)) {
    return undefined;
  }
  if (!isBytes(hash, HASH_BYTES) || !isBytes(peopleHash, HASH_BYTES)) return undefined;
  if (kid !== null && !isBytes(kid, HASH_BYTES)) return undefined;
  const digests = readDigests(digestSeq, disputed);
  const known = isArray(people) && people.length === 3 ? readPeople(...spread(people)) : undefined;
  const attested = readAttested(attestedSeq, attestedAuthor);
  if (!digests || !known || !attested || !isFrames(frames)) return undefined;
  const at = { seq, hash, epoch, kid: kid ?? undefined, previousEpoch, epochStartedAt };
  const position = { ...at, ...known, peopleHash, digests };
  return { position, peopleFrames: frames, ...attested };
}

const spread = (items: readonly Item[]): [Item | undefined, Item | undefined, Item | undefined] => [
  items[0],
  items[1],
  items[2],
];

function readDigests(seq: Item | undefined, disputed: Item | undefined): DigestTrail | undefined {
  return isCount(seq) &&
    isArray(disputed) &&
    disputed.length <= MAX_DISPUTED &&
    disputed.every(isCount)
    ? { seq, disputed }
    : undefined;
}

function readAttested(
  seq: Item | undefined,
  author: Item | undefined,
): { readonly attested?: Attested } | undefined {
  if (seq === 0 && author === '') return {};
  return isCount(seq) && seq > 0 && isUid(author) ? { attested: { seq, author } } : undefined;
}

const isFrames = (item: Item | undefined): item is readonly Uint8Array[] =>
  isArray(item) && item.every((frame) => frame instanceof Uint8Array);
