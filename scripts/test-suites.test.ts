import { expect, it } from 'vitest';
import config from '../vitest.config.js';
import { planSuites } from './test-suites.js';

it('runs what it can and names what it leaves out, so that a green run is not taken for all', () => {
  const there = (): { found: true; path: string } => ({ found: true, path: '/bin/true' });
  const missing = (): { found: false; sentence: string } => ({ found: false, sentence: 'Get X.' });
  const plan = planSuites([
    { project: 'plain', needs: [] },
    { project: 'possible', needs: [there] },
    { project: 'impossible', needs: [there, missing] },
  ]);
  expect(plan).toEqual({
    projects: ['plain', 'possible'],
    leftOut: [{ suite: 'impossible', sentence: 'Get X.' }],
  });
});

it('knows every suite that there is, so that none is forgotten', () => {
  const { projects, leftOut } = planSuites();
  const known = [...projects, ...leftOut.map(({ suite }) => suite)];
  const configured = config.test?.projects?.map((project) =>
    typeof project === 'object' && 'test' in project ? project.test.name : project,
  );
  expect(known.toSorted()).toEqual(configured?.toSorted());
});
