/**
 * Imports point one way:
 *   protocol <- crypto, codec, model <- ports <- adapters | sync <- people, history, backup <- budget <- index
 * Each rule says why it is there. Tests may import what they need.
 */
const tests = '\\.test\\.ts$';
const compositionRoot =
  '^sdk/src/(index|create-sync|check-sync-options|create-identity|open-keyslots|unlock-with-passkey|verify-backup|web-socket-signaling-service)\\.ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Modules in a cycle cannot be understood, tested or moved one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A module that nothing imports and that imports nothing is left over.',
      severity: 'error',
      from: {
        orphan: true,
        pathNot: [
          tests,
          '^[^/]+\\.config\\.(ts|js)$',
          '^scripts/(bootstrap|emulators/supervisor)\\.mjs$',
        ],
      },
      to: {},
    },
    {
      name: 'no-unresolvable',
      comment:
        'An import that resolves here by luck, or not at all, breaks for whoever installs us.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'declared-dependencies-only',
      comment: 'What is imported has to be in the package.json of the workspace that imports it.',
      severity: 'error',
      from: { path: '^(protocol|sdk|signaling-server)/src/', pathNot: [tests, '/testing/'] },
      to: {
        dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev'],
        dependencyTypesNot: ['npm-peer'],
      },
    },
    {
      name: 'protocol-stands-alone',
      comment: 'Both ends of the wire share the protocol, so it can depend on neither.',
      severity: 'error',
      from: { path: '^protocol/src/' },
      to: { path: '^(sdk|signaling-server|emulator-tests|demo|bench|scripts)/' },
    },
    {
      name: 'server-never-imports-sdk',
      comment: 'The server must not be able to hold keys or plaintext.',
      severity: 'error',
      from: { path: '^signaling-server/src/' },
      to: { path: '^sdk/' },
    },
    {
      name: 'sdk-never-imports-server',
      comment: 'An app embeds the SDK: server code has no place in its bundle.',
      severity: 'error',
      from: { path: '^sdk/src/', pathNot: tests },
      to: { path: '^signaling-server/' },
    },
    {
      name: 'packages-never-import-private-workspaces',
      comment: 'What is published cannot depend on what is not.',
      severity: 'error',
      from: { path: '^(protocol|sdk|signaling-server)/src/' },
      to: { path: '^(emulator-tests|demo|bench|scripts)/' },
    },
    {
      name: 'core-is-below-everything',
      comment:
        'Sealing, encoding and merging are pure: no port, adapter, sync or people below them.',
      severity: 'error',
      from: { path: '^sdk/src/(crypto|codec|model)/', pathNot: tests },
      to: {
        path: '^sdk/src/(ports|local|remote|signaling|node|sync|people|history|backup|budget|react|household)/|^sdk/src/index\\.ts$',
      },
    },
    {
      name: 'core-does-no-io',
      comment: 'Crypto, codec and model run the same in a browser, in Node and in a simulation.',
      severity: 'error',
      from: { path: '^sdk/src/(crypto|codec|model)/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'ports-know-the-core-only',
      comment: 'A port that knows an adapter or the engine is no boundary.',
      severity: 'error',
      from: { path: '^sdk/src/ports/', pathNot: tests },
      to: {
        path: '^sdk/src/(local|remote|signaling|node|sync|people|history|backup|budget|react|household)/',
      },
    },
    {
      name: 'adapters-stay-apart',
      comment: 'An adapter implements a port: it knows no other adapter and not the engine.',
      severity: 'error',
      from: { path: '^sdk/src/(local|remote|signaling|node)/', pathNot: tests },
      to: {
        path: '^sdk/src/(local|remote|signaling|node|sync|people|history|backup|budget|react|household)/',
        pathNot: '^sdk/src/$1/',
      },
    },
    {
      name: 'sync-knows-ports-only',
      comment: 'The engine runs on virtual time with any adapter, so it can name none.',
      severity: 'error',
      from: { path: '^sdk/src/sync/', pathNot: tests },
      to: {
        path: '^sdk/src/',
        pathNot: [
          '^sdk/src/(ports|model|codec|crypto|sync)/',
          // Small things that every layer uses lie beside the folders; see shared-stands-alone.
          '^sdk/src/[^/]+\\.ts$',
        ],
      },
    },
    {
      name: 'shared-stands-alone',
      comment: 'What every layer may import cannot sit above any of them.',
      severity: 'error',
      from: { path: '^sdk/src/[^/]+\\.ts$', pathNot: [tests, compositionRoot] },
      to: {
        path: '^sdk/src/(ports|local|remote|signaling|node|sync|people|history|backup|budget|react|household|testing)/',
      },
    },
    {
      name: 'people-know-no-adapter',
      comment: 'Membership works over the same ports as the engine.',
      severity: 'error',
      from: { path: '^sdk/src/(people|history|backup|budget)/', pathNot: tests },
      to: { path: '^sdk/src/(local|remote|signaling|node|react|household)/' },
    },
    {
      name: 'sync-below-people',
      comment: 'Who is a member is decided above the engine; the engine must not reach up.',
      severity: 'error',
      from: { path: '^sdk/src/(sync|ports)/', pathNot: tests },
      to: { path: '^sdk/src/(people|history|backup|budget|react|household)/' },
    },
    {
      name: 'people-below-budget',
      comment: 'A budget is what an app holds: records, syncing and people put together.',
      severity: 'error',
      from: { path: '^sdk/src/(people|history|backup)/', pathNot: tests },
      to: { path: '^sdk/src/budget/' },
    },
    {
      name: 'household-is-shapes-only',
      comment: 'Ready-made schemas are for whoever wants them: no engine comes along.',
      severity: 'error',
      from: { path: '^sdk/src/household/', pathNot: tests },
      to: { path: '^sdk/src/', pathNot: ['^sdk/src/household/', '^sdk/src/[^/]+\\.ts$'] },
    },
    {
      name: 'composition-root-only',
      comment: 'Only the composition root chooses adapters; nothing inside may import it.',
      severity: 'error',
      from: { path: '^sdk/src/', pathNot: [tests, compositionRoot, '^sdk/src/(react|testing)/'] },
      to: { path: compositionRoot },
    },
    {
      name: 'firebase-in-remote-only',
      comment: 'Firestore sits behind the RemoteLog port: the rest of the SDK must not need it.',
      severity: 'error',
      from: { path: '^sdk/src/', pathNot: [tests, '^sdk/src/remote/', compositionRoot] },
      to: { path: '(^|/)node_modules/(firebase|@firebase)/' },
    },
    {
      name: 'node-in-node-only',
      comment: 'Everything but the entry point for Node runs in a browser as well.',
      severity: 'error',
      from: { path: '^sdk/src/', pathNot: [tests, '^sdk/src/(node|testing)/'] },
      to: { path: '(^|/)node_modules/classic-level/|^sdk/src/node/' },
    },
    {
      name: 'firestore-is-the-lite-one',
      comment: 'The full Firestore client is 100 KB larger and keeps a cache of its own.',
      severity: 'error',
      from: { path: '^sdk/src/' },
      to: { path: '(^|/)node_modules/firebase/firestore/dist/' },
    },
    {
      name: 'firebase-in-server-auth-only',
      comment: 'Only the folder that verifies tokens and reads membership talks to Firebase.',
      severity: 'error',
      from: {
        path: '^signaling-server/src/',
        pathNot: [tests, '^signaling-server/src/auth/'],
      },
      to: { path: '(^|/)node_modules/(firebase|firebase-admin|@firebase)/' },
    },
    {
      name: 'testing-stays-out-of-production',
      comment: 'Virtual clocks and contract suites must not reach an app.',
      severity: 'error',
      from: {
        path: '^(protocol|sdk|signaling-server)/src/',
        pathNot: [tests, '/testing/', '^sdk/src/simulation/'],
      },
      to: { path: '/src/testing/' },
    },
    {
      name: 'simulation-stays-out-of-production',
      comment: 'It breaks devices on purpose; only tests and the programs that run it need it.',
      severity: 'error',
      from: { path: '^(protocol|sdk|signaling-server)/src/', pathNot: [tests, '/src/simulation/'] },
      to: { path: '^sdk/src/simulation/' },
    },
    {
      name: 'tests-are-not-imported',
      comment: 'What two tests share belongs in testing/, where its users find it.',
      severity: 'error',
      from: {},
      to: { path: tests },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules'] },
    exclude: { path: ['^(protocol|sdk|signaling-server)/dist/', '^\\.cache/'] },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['sealsync-source', 'types', 'import', 'node', 'default'],
    },
  },
};
