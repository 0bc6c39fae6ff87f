import { CLOSE_CODES } from '@sealsync/protocol';
import { describe, expect, it } from 'vitest';
import { SAMPLE_SIGNALS, sampleHead } from '../testing/samples.js';
import { BUDGET, OTHER_BUDGET, startTestServer } from '../testing/test-server.js';

describe('a room', () => {
  it('passes every kind of signal on to all others, with the sender, and not back', async () => {
    const { enter } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const ben = await enter(BUDGET, 'ben');
    const cas = await enter(BUDGET, 'cas');
    const [benCame] = await ann.hearAll();
    await ben.hearAll();
    for (const signal of SAMPLE_SIGNALS) ben.send(signal);
    expect(await ben.hearAll()).toEqual([]);

    const from = benCame && 'from' in benCame ? benCame.from : undefined;
    expect(from).toMatch(/^[0-9a-f]{16}$/);
    const expected = SAMPLE_SIGNALS.map((signal) => ({ ...signal, from }));
    expect(await ann.hearAll()).toEqual(expected);
    expect(await cas.hearAll()).toEqual(expected);
  });

  it('never hears another budget, even of the same user', async () => {
    const { enter } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const annElsewhere = await enter(OTHER_BUDGET, 'ann');
    const ben = await enter(OTHER_BUDGET, 'ben');
    await annElsewhere.hearAll();
    for (const signal of SAMPLE_SIGNALS) ben.send(signal);
    await ben.hearAll();
    expect(await annElsewhere.hearAll()).toHaveLength(SAMPLE_SIGNALS.length);
    expect(await ann.hearAll()).toEqual([]);
  });

  it('says who comes and who goes', async () => {
    const { enter } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const ben = await enter(BUDGET, 'ben');
    const came = await ann.next();
    ben.ws.close(1000);
    const went = await ann.next();
    expect(came).toEqual({ type: 'connected', from: expect.stringMatching(/^[0-9a-f]{16}$/) });
    expect(went).toEqual({ ...came, type: 'disconnected' });
  });

  it('tells newcomers the newest head, but not one that came late', async () => {
    const { enter, connect } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    ann.send({ type: 'data_changed', ...sampleHead(9) });
    ann.send({ type: 'data_changed', ...sampleHead(8) });
    await ann.hearAll();
    expect(await connect('ann').join(BUDGET)).toEqual([{ type: 'data_changed', ...sampleHead(9) }]);
  });

  it('tells newcomers of no head whose commit may yet lose a race', async () => {
    const { enter, connect } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    ann.send({ type: 'data_changed', ...sampleHead(9), early: true });
    await ann.hearAll();
    expect(await connect('ann').join(BUDGET)).toEqual([]);
    ann.send({ type: 'data_changed', ...sampleHead(8) });
    ann.send({ type: 'data_changed', ...sampleHead(9), early: true });
    await ann.hearAll();
    expect(await connect('ann').join(BUDGET)).toEqual([{ type: 'data_changed', ...sampleHead(8) }]);
  });

  it('closes who sends an early head that is not plainly early', async () => {
    const { enter } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    ann.sendText(JSON.stringify({ type: 'data_changed', ...sampleHead(9), early: false }));
    expect(await ann.closed).toMatchObject({ code: CLOSE_CODES.badMessage.code });
  });

  it('takes no news of the log from a viewer, who stays connected', async () => {
    const { enter } = await startTestServer();
    const ann = await enter(BUDGET, 'ann');
    const vic = await enter(BUDGET, 'vic', 'viewer');
    await ann.hearAll();
    vic.send({ type: 'data_changed', ...sampleHead(99) });
    vic.send({ type: 'data_changed', ...sampleHead(99), early: true });
    vic.send({ type: 'sync_required' });
    expect(await vic.hearAll()).toEqual([
      { type: 'error', reason: 'forbidden' },
      { type: 'error', reason: 'forbidden' },
    ]);
    expect(await ann.hearAll()).toEqual([
      { type: 'sync_required', from: expect.any(String) as string },
    ]);
  });
});
