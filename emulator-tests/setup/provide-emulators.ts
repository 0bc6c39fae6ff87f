import type { TestProject } from 'vitest/node';
import { startEmulators } from '../../scripts/emulators/start-emulators.js';
import type { EmulatorHosts } from './emulators.js';

/** Starts one pair of emulators for all files of the project, and tells these where it listens. */
export async function provideEmulators(
  project: TestProject,
): Promise<{ readonly hosts: EmulatorHosts; readonly stop: () => Promise<void> }> {
  const { stop, ...hosts } = await startEmulators();
  project.provide('emulators', hosts);
  return { hosts, stop };
}
