import type { TestFunctions } from './local-store-contract.js';
import { describeCounting } from './remote-log-counting.js';
import { describeDenials } from './remote-log-denials.js';
import { createTestBudget, type MakeEnvironment, type Suite } from './remote-log-fixture.js';
import { describeRoundTrips } from './remote-log-round-trips.js';

export type { RemoteLogEnvironment } from './remote-log-fixture.js';

/**
 * What any {@link RemoteLog} must do; pass your runner's functions and a maker of an
 * environment, which is asked for one per test and may answer with the same one.
 */
export function describeRemoteLog(
  functions: TestFunctions,
  name: string,
  make: MakeEnvironment,
): void {
  const { describe, it, expect } = functions;
  const suite: Suite = {
    describe,
    it,
    expect,
    onBudget: (title, run) => {
      it(title, async () => run(await createTestBudget(await make())));
    },
  };
  describe(`RemoteLog: ${name}`, () => {
    describeRoundTrips(suite);
    describeDenials(suite);
    describeCounting(suite, make);
  });
}
