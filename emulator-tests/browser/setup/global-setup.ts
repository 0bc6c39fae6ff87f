import type { TestProject } from 'vitest/node';
import { provideEmulators } from '../../setup/provide-emulators.js';
import { servePage } from './serve-page.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the page is served: `http://localhost:port` */
    pageOrigin: string;
  }
}

/** Starts emulators and serves the page for all files of the project; returns their teardown. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const page = await servePage();
  const { stop } = await provideEmulators(project);
  project.provide('pageOrigin', page.origin);
  return async () => {
    await page.close();
    await stop();
  };
}
