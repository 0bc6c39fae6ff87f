import { defineConfig } from 'vitest/config';

/** Workspace packages resolve to their TypeScript source, so tests never see a stale build. */
const conditions = ['sealsync-source', 'node', 'import', 'default'];

/** Suites that need a program of the machine; `scripts/run-tests.ts` says which are left out. */
export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    unstubGlobals: true,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          environment: 'node',
          include: [
            '{protocol,sdk,signaling-server,demo,bench}/src/**/*.test.ts',
            'scripts/**/*.test.ts',
          ],
          // No test is about time; a busy machine is slow.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'rules',
          environment: 'node',
          include: ['emulator-tests/rules/**/*.test.ts'],
          globalSetup: ['emulator-tests/setup/global-setup-with-coverage.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'emulators',
          environment: 'node',
          include: ['emulator-tests/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'emulator-tests/{browser,rules}/**'],
          globalSetup: ['emulator-tests/setup/global-setup.ts'],
          // One pair of emulators serves every file; a queue of files keeps timings steady.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          environment: 'node',
          include: ['emulator-tests/browser/**/*.test.ts'],
          globalSetup: ['emulator-tests/browser/setup/global-setup.ts'],
          // In the same queue as the files of `emulators`, whose timings a browser would unsettle.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
