import type { TestProject } from 'vitest/node';
import { startEmulators } from '../../scripts/emulators/start-emulators.js';
import type { EmulatorHosts } from './emulators.js';

/** Starts one pair of emulators for all files of the project; returns their teardown. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { stop, ...hosts } = await startEmulators();
  project.provide('emulators', hosts satisfies EmulatorHosts);
  return stop;
}
