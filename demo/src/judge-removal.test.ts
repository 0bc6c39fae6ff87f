import { describe, expect, it } from 'vitest';
import { judgeRemoval, type RemovalEvidence, type Sight } from './judge-removal.js';

const before: Sight = {
  view: {
    seq: 9,
    epoch: 1,
    digest: 'd1',
    pendingEdits: 0,
    rejectedEdits: 0,
    records: 3,
    sums: [['Food', '-5']],
    conflicts: [],
    securityEvents: [],
  },
  memo: 'before',
};
const evidence: RemovalEvidence = {
  gone: { name: 'Cleo', role: 'viewer' },
  removerUid: 'ana',
  end: { kind: 'removed', by: 'ana' },
  before,
  after: { ...before },
  answer: 'denied',
  forcedAnswer: 'found',
  forcedFailure: 'key_missing',
  stayingFailure: undefined,
  laterMemo: 'after',
  othersMemos: ['after', 'after'],
  othersDifferences: [],
};
const proven = {
  person: 'Cleo',
  role: 'viewer',
  told: true,
  denied: true,
  keepsEarlier: true,
  opensLater: false,
  othersConverged: true,
};

describe('whether somebody who was removed is out', () => {
  it('takes all of the evidence for a proof', () => {
    expect(judgeRemoval(evidence)).toEqual({ removal: proven, differences: [] });
  });

  it.each<[string, Partial<RemovalEvidence>, Partial<typeof proven>]>([
    ['told that they left', { end: { kind: 'left', by: 'ana' } }, { told: false }],
    ['told that Ben did it', { end: { kind: 'removed', by: 'ben' } }, { told: false }],
    ['still let in by the rules', { answer: 'found' }, { denied: false }],
    ['asking for what was never written', { answer: 'missing' }, { denied: false }],
    ['without their copy', { after: { ...before, memo: '' } }, { keepsEarlier: false }],
    [
      'with an older copy',
      { after: { ...before, view: { ...before.view, seq: 8 } } },
      { keepsEarlier: false },
    ],
    [
      'in possession of the later edit all along',
      { before: { ...before, memo: 'after' }, after: { ...before, memo: 'after' } },
      { keepsEarlier: false },
    ],
    ['able to open what came after', { forcedFailure: undefined }, { opensLater: true }],
    ['stopped by the rules alone', { forcedFailure: 'access_denied' }, { opensLater: true }],
    ['given nothing to open', { forcedAnswer: 'denied' }, { opensLater: true }],
    ['gone, and Ben lacks the edit', { othersMemos: ['after', ''] }, { othersConverged: false }],
    [
      'gone, and nobody else can open it either',
      { stayingFailure: 'key_missing' },
      { othersConverged: false },
    ],
    ['gone, and nobody else was asked', { othersMemos: [] }, { othersConverged: false }],
  ])('doubts it of one who is %s', (_what, change, doubt) => {
    const { removal, differences } = judgeRemoval({ ...evidence, ...change });
    expect(removal).toEqual({ ...proven, ...doubt });
    expect(differences).toEqual([expect.stringMatching(/\.$/)]);
  });

  it('says how the others differ', () => {
    const { removal, differences } = judgeRemoval({ ...evidence, othersDifferences: ['They do.'] });
    expect(removal.othersConverged).toBe(false);
    expect(differences).toContain('They do.');
  });
});
