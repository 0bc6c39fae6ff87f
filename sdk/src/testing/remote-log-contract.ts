import type { TestFunctions } from './local-store-contract.js';
import { describeCounting } from './remote-log-counting.js';
import { describeDenials } from './remote-log-denials.js';
import { describeEpochs } from './remote-log-epochs.js';
import { createSuite, type MakeEnvironment } from './remote-log-fixture.js';
import { describeRoundTrips } from './remote-log-round-trips.js';

export type { RemoteEnvironment } from './remote-log-fixture.js';

/**
 * What any {@link RemoteLog} must do; pass your runner's functions and a maker of an
 * environment, which is asked for one per test and may answer with the same one.
 */
export function describeRemoteLog(
  functions: TestFunctions,
  name: string,
  make: MakeEnvironment,
): void {
  const suite = createSuite(functions, make);
  suite.describe(`RemoteLog: ${name}`, () => {
    describeRoundTrips(suite);
    describeDenials(suite);
    describeEpochs(suite);
    describeCounting(suite, make);
  });
}
