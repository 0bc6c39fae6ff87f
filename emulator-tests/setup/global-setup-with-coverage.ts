import type { TestProject } from 'vitest/node';
import { startEmulators } from '../../scripts/emulators/start-emulators.js';
import { saveRulesCoverage } from '../../scripts/rules-coverage/save-rules-coverage.js';
import type { EmulatorHosts } from './emulators.js';

/**
 * As for the other suites, and keeps what the rules were seen to do. The emulator remembers
 * every value of every expression, so this is for tests that are about rules.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...hosts } = await startEmulators();
  project.provide('emulators', hosts satisfies EmulatorHosts);
  return async () => {
    try {
      await saveRulesCoverage(hosts.firestoreHost, hosts.projectId);
    } finally {
      await stop();
    }
  };
}
