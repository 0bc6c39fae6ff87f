import { CLOSE_CODES } from '@sealsync/protocol';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../limits/limits.js';
import { err } from '../result.js';
import { sampleHead } from '../testing/samples.js';
import { BUDGET, startTestServer } from '../testing/test-server.js';

const { membershipGapMs, membershipIntervalMs, roomMembershipGapMs } = DEFAULT_LIMITS;

describe('membership', () => {
  it('a removed member is out as soon as somebody says that the members changed', async () => {
    const { enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const ben = await enter(BUDGET, 'ben');
    directory.setRole(BUDGET, 'ben', undefined);
    ann.send({ type: 'membership_changed' });
    await ann.hearAll();
    clock.advance(membershipGapMs);
    expect((await ben.closed).code).toBe(CLOSE_CODES.forbidden.code);
    const heard = await ann.hearAll();
    expect(heard.at(-1)?.type).toBe('disconnected');
  });

  it('is read again every ten minutes, when nobody says anything', async () => {
    const { enter, directory, clock } = await startTestServer();
    const ben = await enter(BUDGET, 'ben');
    directory.setRole(BUDGET, 'ben', undefined);
    clock.advance(membershipIntervalMs - 1);
    await ben.hearAll();
    clock.advance(1);
    expect((await ben.closed).code).toBe(CLOSE_CODES.forbidden.code);
  });

  it('a demoted member loses the right to announce changes without reconnecting', async () => {
    const { enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const ben = await enter(BUDGET, 'ben');
    directory.setRole(BUDGET, 'ben', 'viewer');
    ann.send({ type: 'membership_changed' });
    await ann.hearAll();
    clock.advance(membershipGapMs);
    await ben.hearAll();
    ben.send({ type: 'data_changed', ...sampleHead(2) });
    expect(await ben.hearAll()).toContainEqual({ type: 'error', reason: 'forbidden' });
  });

  it('many reports cost each connection two reads, with its own token: at once and later', async () => {
    const { server, enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    await enter(BUDGET, 'ben');
    directory.tokensUsed = [];
    for (let n = 0; n < 20; n += 1) ann.send({ type: 'membership_changed' });
    await ann.hearAll();
    clock.advance(membershipGapMs);
    await ann.hearAll();
    expect(directory.tokensUsed.sort()).toEqual(['token-1', 'token-2']);
    clock.advance(roomMembershipGapMs - membershipGapMs - 1);
    await ann.hearAll();
    expect(server.stats().membershipReads).toBe(4);
    clock.advance(1);
    await ann.hearAll();
    expect(server.stats().membershipReads).toBe(6);
    clock.advance(2 * roomMembershipGapMs);
    await ann.hearAll();
    expect(server.stats().membershipReads).toBe(6);
  });

  it('a report that came too soon after another is not lost: who was removed then is out', async () => {
    const { enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const ben = await enter(BUDGET, 'ben');
    ann.send({ type: 'membership_changed' });
    await ann.hearAll();
    clock.advance(membershipGapMs);
    await ben.hearAll();
    directory.setRole(BUDGET, 'ben', undefined);
    ann.send({ type: 'membership_changed' });
    await ann.hearAll();
    clock.advance(roomMembershipGapMs - membershipGapMs);
    expect((await ben.closed).code).toBe(CLOSE_CODES.forbidden.code);
  });

  it("viewers' reports are passed on too, since they join and leave; a flood shares a round", async () => {
    const { server, enter, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const vic = await enter(BUDGET, 'vic', 'viewer');
    await ann.hearAll();
    for (let n = 0; n < 10; n += 1) vic.send({ type: 'membership_changed' });
    await vic.hearAll();
    const heard = await ann.hearAll();
    expect(heard.map((message) => (message as { type: string }).type)).toEqual(
      Array.from({ length: 10 }, () => 'membership_changed'),
    );
    clock.advance(roomMembershipGapMs);
    await ann.hearAll();
    expect(server.stats().membershipReads).toBeLessThanOrEqual(6);
  });

  it('a report during a read leads to another read: the first may have seen the past', async () => {
    const { server, enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    let release = (): void => undefined;
    directory.gate = new Promise((resolve) => (release = resolve));
    ann.send({ type: 'membership_changed' });
    await ann.hearAll();
    clock.advance(membershipGapMs);
    ann.send({ type: 'membership_changed' });
    await ann.hearAll();
    clock.advance(roomMembershipGapMs - membershipGapMs);
    release();
    await ann.hearAll();
    expect(server.stats().membershipReads).toBe(2);
    clock.advance(membershipGapMs);
    expect(server.stats().membershipReads).toBe(3);
  });

  it('one failed read does not cut anybody off, three in a row do with 1013', async () => {
    const { enter, directory, clock } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const away = err('unavailable');
    directory.membershipFaults.push(away, away);
    clock.advance(membershipIntervalMs);
    for (let n = 0; n < 3; n += 1) {
      await ann.hearAll();
      clock.advance(membershipGapMs);
    }
    await ann.hearAll();
    directory.membershipFaults.push(away, away, away);
    clock.advance(membershipIntervalMs);
    for (let n = 0; n < 2; n += 1) {
      await ann.hearAll();
      clock.advance(membershipGapMs);
    }
    expect((await ann.closed).code).toBe(CLOSE_CODES.overloaded.code);
  });
});
