import type { TestProject } from 'vitest/node';
import { provideEmulators } from './provide-emulators.js';

/** Returns the teardown of the project. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  return (await provideEmulators(project)).stop;
}
