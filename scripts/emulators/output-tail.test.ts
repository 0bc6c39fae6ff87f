import { expect, it } from 'vitest';
import { OutputTail } from './output-tail.js';

it('keeps the end of a long output, where the reason of a failure stands', () => {
  const tail = new OutputTail(10);
  tail.add('a long beginning ');
  tail.add('the ');
  tail.add('reason');
  expect(tail.read()).toBe('the reason');
});
