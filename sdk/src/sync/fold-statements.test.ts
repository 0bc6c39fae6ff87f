import { beforeAll, describe, expect, it } from 'vitest';
import { makeAcceptance } from '../crypto/acceptance.js';
import { generateIdentity, type Identity } from '../crypto/identity.js';
import { makeIdentityRotation } from '../crypto/identity-rotation.js';
import { generateInviteSecret, type InviteSecret } from '../crypto/invite-secret.js';
import { makeNotice } from '../crypto/notice.js';
import { loadSodium } from '../crypto/sodium.js';
import type { BudgetId, DeviceId } from '../model/ids.js';
import type { PublicKeys, Statement } from '../model/membership.js';
import type { People } from '../model/people.js';
import { createSeededRandom } from '../testing/seeded-random.js';
import { foldStatements, JOINING_GRACE_MS, type StatementContext } from './fold-statements.js';
import { LOG_START, type LogPosition } from './log-position.js';

const random = createSeededRandom(7);
const budgetId = 'b'.repeat(32) as BudgetId;
const otherBudget = 'c'.repeat(32) as BudgetId;
const idOf = (digit: string): DeviceId => digit.repeat(32) as DeviceId;
const EPOCH = 3;
const KID = new Uint8Array(32).fill(9);
const NOW = 1_000_000;
const DEVICES = { ann: idOf('1'), ben: idOf('2'), vic: idOf('3'), olga: idOf('4'), cy: idOf('5') };
type Name = keyof typeof DEVICES;

let people: Record<Name, Identity>;
let invite: InviteSecret;
let before: LogPosition;

beforeAll(async () => {
  await loadSodium();
  const make = (uid: string): Identity => generateIdentity(uid, random);
  people = {
    ann: make('ann'),
    ben: make('ben'),
    vic: make('vic'),
    olga: make('olga'),
    cy: make('cy'),
  };
  invite = generateInviteSecret(random);
  const member = (name: Name, role: 'owner' | 'editor' | 'viewer') =>
    [name, { role, keys: people[name].publicKeys, identityVersion: 1, sinceEpoch: 2 }] as const;
  before = {
    ...LOG_START,
    seq: 9,
    hash: new Uint8Array(32),
    epoch: EPOCH,
    kid: KID,
    previousEpoch: EPOCH - 1,
    epochStartedAt: 0,
    members: new Map([
      member('ann', 'owner'),
      member('olga', 'owner'),
      member('ben', 'editor'),
      member('vic', 'viewer'),
    ]),
    invites: new Map([
      [
        invite.inviteId,
        { role: 'editor', by: 'olga', expiresAt: NOW, keys: invite.identity.publicKeys },
      ],
    ]),
    devices: new Map([
      [DEVICES.ann, { author: 'ann' }],
      [DEVICES.ben, { author: 'ben' }],
    ]),
  };
});

const started = (): Statement => ({
  type: 'epoch_started',
  previousEpoch: EPOCH,
  previousKid: KID,
  previousKey: new Uint8Array(1),
});

function fold(
  author: Name,
  statements: readonly Statement[],
  change: Partial<StatementContext> & { at?: LogPosition } = {},
): People | undefined {
  const { at = before, ...context } = change;
  const startsEpoch = statements[0]?.type === 'epoch_started';
  const epoch = startsEpoch ? EPOCH + 1 : EPOCH;
  const seq = at.seq + 1;
  const said = { budgetId, seq, epoch, author, device: DEVICES[author], t: NOW, ...context };
  return foldStatements(at, statements, said);
}

const keysOf = (name: Name): PublicKeys => people[name].publicKeys;
const notice = (name: Name, of: BudgetId = budgetId): Uint8Array =>
  makeNotice({ kind: 'left', budgetId: of, uid: name, by: people[name], epoch: EPOCH });
const acceptance = (name: Name, of: BudgetId = budgetId): Uint8Array =>
  makeAcceptance({ budgetId: of, invite, identity: people[name] });
const joining = (name: Name): Statement => ({
  type: 'joined',
  inviteId: invite.inviteId,
  acceptance: acceptance(name),
});

describe('only owners', () => {
  const statements: readonly (readonly [string, () => Statement, boolean])[] = [
    [
      'add a member',
      () => ({ type: 'member_added', uid: 'cy', role: 'editor', keys: keysOf('cy') }),
      false,
    ],
    ['remove one', () => ({ type: 'member_removed', uid: 'ben' }), true],
    ['change a role', () => ({ type: 'role_changed', uid: 'vic', role: 'editor' }), false],
    ['take an invite back', () => ({ type: 'invite_revoked', inviteId: invite.inviteId }), false],
    ['revoke a device of others', () => ({ type: 'device_revoked', device: DEVICES.ann }), false],
    [
      'make an invite',
      () => ({
        type: 'invite_created',
        inviteId: 'e'.repeat(32),
        role: 'editor',
        expiresAt: NOW,
        keys: keysOf('cy'),
      }),
      false,
    ],
  ];
  it.each(statements)('%s', (_name, make, startsEpoch) => {
    const said = startsEpoch ? [started(), make()] : [make()];
    expect(fold('olga', said)).toBeDefined();
    for (const author of ['ben', 'vic', 'cy'] as const) expect(fold(author, said)).toBeUndefined();
  });
});

describe('an epoch', () => {
  it('is started by a statement that comes first, and by nothing else', () => {
    expect(fold('ben', [started()])).toBeDefined();
    expect(fold('ben', [], { epoch: EPOCH + 1 })).toBeUndefined();
    expect(fold('ben', [started()], { epoch: EPOCH })).toBeUndefined();
    const named: Statement = { type: 'device_named', name: 'x' };
    expect(fold('ben', [named, started()], { epoch: EPOCH + 1 })).toBeUndefined();
    expect(fold('ben', [started(), started()])).toBeUndefined();
  });

  it('replaces the key in force, and no other', () => {
    const other: Statement = { ...started(), previousKid: new Uint8Array(32) } as Statement;
    expect(fold('ann', [other])).toBeUndefined();
    const older: Statement = { ...started(), previousEpoch: EPOCH - 1 } as Statement;
    expect(fold('ann', [older])).toBeUndefined();
  });

  it('has to come with whatever takes somebody, or their keys, out', () => {
    const rotation = makeIdentityRotation({
      from: people.ben,
      to: generateIdentity('ben', random),
      identityVersion: 2,
    });
    expect(fold('ann', [{ type: 'member_removed', uid: 'ben' }])).toBeUndefined();
    expect(
      fold('ann', [{ type: 'member_left', uid: 'ben', notice: notice('ben') }]),
    ).toBeUndefined();
    expect(fold('ben', [{ type: 'identity_rotated', rotation }])).toBeUndefined();
    expect(fold('ben', [started(), { type: 'identity_rotated', rotation }])).toBeDefined();
  });
});

describe('an owner', () => {
  it('is always there', () => {
    const alone = {
      ...before,
      members: new Map([...before.members].filter(([uid]) => uid !== 'olga')),
    };
    const at = { at: alone };
    expect(fold('ann', [{ type: 'role_changed', uid: 'ann', role: 'editor' }], at)).toBeUndefined();
    expect(fold('ann', [started(), { type: 'member_removed', uid: 'ann' }], at)).toBeUndefined();
    const left: Statement = { type: 'member_left', uid: 'ann', notice: notice('ann') };
    expect(fold('ben', [started(), left], at)).toBeUndefined();
    const handOver: Statement = { type: 'role_changed', uid: 'ben', role: 'owner' };
    expect(fold('ann', [handOver], at)?.members.get('ben')?.role).toBe('owner');
  });

  it('who goes, or is none any more, takes their invites along', () => {
    const gone = fold('ann', [started(), { type: 'member_removed', uid: 'olga' }]);
    expect(gone?.invites.size).toBe(0);
    const demoted = fold('ann', [{ type: 'role_changed', uid: 'olga', role: 'editor' }]);
    expect(demoted?.invites.size).toBe(0);
    const left: Statement = { type: 'member_left', uid: 'olga', notice: notice('olga') };
    expect(fold('ben', [started(), left])?.invites.size).toBe(0);
  });
});

describe('leaving', () => {
  it("needs the leaver's own signature, for this budget", () => {
    const said = (bytes: Uint8Array): Statement[] => [
      started(),
      { type: 'member_left', uid: 'ben', notice: bytes },
    ];
    expect(fold('ann', said(notice('ben')))?.members.has('ben')).toBe(false);
    expect(fold('ann', said(notice('vic')))).toBeUndefined();
    expect(fold('ann', said(notice('ben', otherBudget)))).toBeUndefined();
    const ofEarlierStay = makeNotice({
      kind: 'left',
      budgetId,
      uid: 'ben',
      by: people.ben,
      epoch: 1,
    });
    expect(fold('ann', said(ofEarlierStay))).toBeUndefined();
    const stranger = generateIdentity('ben', random);
    const forged = makeNotice({ kind: 'left', budgetId, uid: 'ben', by: stranger, epoch: EPOCH });
    expect(fold('ann', said(forged))).toBeUndefined();
  });
});

describe('joining', () => {
  it('is said by the newcomer, or by who may write, once', () => {
    for (const author of ['cy', 'ann', 'ben'] as const) {
      const joined = fold(author, [joining('cy')]);
      expect(joined?.members.get('cy')).toMatchObject({ role: 'editor', keys: keysOf('cy') });
      expect(joined?.invites.size).toBe(0);
    }
    expect(fold('vic', [joining('cy')])).toBeUndefined();
    expect(fold('ann', [joining('cy'), joining('cy')])).toBeUndefined();
  });

  it('needs the signature of the link, for this budget and this invite', () => {
    const forger = generateInviteSecret(random);
    const forgery = makeAcceptance({ budgetId, invite: forger, identity: people.cy });
    const said = (bytes: Uint8Array, inviteId = invite.inviteId): Statement[] => [
      { type: 'joined', inviteId, acceptance: bytes },
    ];
    expect(fold('cy', said(forgery))).toBeUndefined();
    expect(fold('cy', said(forgery, forger.inviteId))).toBeUndefined();
    expect(fold('cy', said(acceptance('cy', otherBudget)))).toBeUndefined();
    expect(fold('cy', said(acceptance('cy')))).toBeDefined();
  });

  it('of somebody who is in already changes nothing, nor does it later than it may be said', () => {
    expect(fold('ben', [joining('ben')])).toBeUndefined();
    expect(fold('cy', [joining('cy')], { t: NOW + JOINING_GRACE_MS })).toBeDefined();
    expect(fold('cy', [joining('cy')], { t: NOW + JOINING_GRACE_MS + 1 })).toBeUndefined();
  });

  it('is over when the invite was taken back', () => {
    const revoked = fold('ann', [{ type: 'invite_revoked', inviteId: invite.inviteId }]);
    const at = { ...before, ...revoked };
    expect(fold('cy', [joining('cy')], { at })).toBeUndefined();
  });
});

describe('keys', () => {
  it('of low order let nobody in, since no key could be wrapped for them', () => {
    const low = { sign: keysOf('cy').sign, box: new Uint8Array(32) };
    const added: Statement = { type: 'member_added', uid: 'cy', role: 'editor', keys: low };
    expect(fold('ann', [added])).toBeUndefined();
    const made: Statement = {
      type: 'invite_created',
      inviteId: 'e'.repeat(32),
      role: 'editor',
      expiresAt: NOW,
      keys: low,
    };
    expect(fold('ann', [made])).toBeUndefined();
  });

  it('are replaced by their owner, forwards only', () => {
    const next = generateIdentity('ben', random);
    const rotate = (identityVersion: number, from = people.ben): Statement[] => [
      started(),
      {
        type: 'identity_rotated',
        rotation: makeIdentityRotation({ from, to: next, identityVersion }),
      },
    ];
    const rotated = fold('ben', rotate(2));
    expect(rotated?.members.get('ben')).toMatchObject({ keys: next.publicKeys, role: 'editor' });
    expect(fold('ann', rotate(2))).toBeUndefined();
    expect(fold('ben', rotate(2, generateIdentity('ben', random)))).toBeUndefined();
    const member = {
      role: 'editor',
      keys: keysOf('ben'),
      identityVersion: 2,
      sinceEpoch: 2,
    } as const;
    const at = { ...before, members: new Map(before.members).set('ben', member) };
    expect(fold('ben', rotate(2), { at })).toBeUndefined();
    expect(fold('ben', rotate(3), { at })).toBeDefined();
  });
});

describe('devices', () => {
  it('are named by who writes with them, and revoked by another one', () => {
    const named = fold('ben', [{ type: 'device_named', name: 'phone' }]);
    expect(named?.devices.get(DEVICES.ben)).toEqual({ author: 'ben', name: 'phone' });
    const revoke: Statement = { type: 'device_revoked', device: DEVICES.ben };
    expect(fold('ben', [revoke])).toBeUndefined();
    const revoked = fold('ben', [revoke], { device: idOf('9') });
    expect(revoked?.devices.get(DEVICES.ben)?.revoked).toBe(true);
    expect(fold('ann', [{ type: 'device_revoked', device: idOf('8') }])).toBeUndefined();
  });
});

describe('a digest of the state', () => {
  const digest: Statement = { type: 'state_digest', digest: new Uint8Array(32) };

  it('is stated by itself, so that whoever goes by the people alone misses nothing', () => {
    expect(fold('ben', [digest])).toBeDefined();
    const named: Statement = { type: 'device_named', name: 'phone' };
    expect(fold('ben', [digest, named])).toBeUndefined();
    expect(fold('ben', [named, digest])).toBeUndefined();
    expect(fold('ann', [started(), digest])).toBeUndefined();
  });

  it('is disputed only after it was stated', () => {
    const disputed: Statement = { type: 'digest_disputed', seq: 7 };
    expect(fold('ben', [disputed])).toBeUndefined();
    const at = { ...before, digests: { seq: 7, disputed: [] } };
    expect(fold('ben', [disputed], { at })).toBeDefined();
  });
});

describe('a budget', () => {
  it('is founded by its first entry alone', () => {
    const genesis: Statement = { type: 'genesis', keys: keysOf('cy') };
    const first = { at: LOG_START, epoch: 1 };
    expect(fold('cy', [genesis], first)?.members.get('cy')?.role).toBe('owner');
    expect(fold('cy', [genesis])).toBeUndefined();
    expect(fold('cy', [], first)?.members.size).toBe(0);
  });
});
