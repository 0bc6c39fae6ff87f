import type { TestProject } from 'vitest/node';
import { saveRulesCoverage } from '../../scripts/rules-coverage/save-rules-coverage.js';
import { provideEmulators } from './provide-emulators.js';

/**
 * As for the other suites, and keeps what the rules were seen to do. The emulator remembers
 * every value of every expression, so this is for tests that are about rules.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { hosts, stop } = await provideEmulators(project);
  return async () => {
    try {
      await saveRulesCoverage(hosts.firestoreHost, hosts.projectId);
    } finally {
      await stop();
    }
  };
}
