import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** Programs that talk to a person; everything else reports through a Logger or a result. */
const commandLinePrograms = [
  'scripts/**/*.ts',
  'demo/src/**/*.ts',
  'bench/**/*.ts',
  'signaling-server/src/main.ts',
];

const nodeGlobals = Object.fromEntries(
  ['process', 'console', 'URL', 'Buffer', 'setTimeout', 'clearTimeout', 'module'].map((name) => [
    name,
    'readonly',
  ]),
);

export default defineConfig(
  globalIgnores(['**/dist/', '**/node_modules/', '.cache/', 'coverage/']),
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: { globals: nodeGlobals },
  },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/consistent-type-exports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // `() => void socket.close()` and `onClose: () => done()` read better than a block.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `while (true)` with a way out inside is the plainest form of a retry loop.
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      // A port's method is `async` even where an adapter answers at once.
      '@typescript-eslint/require-await': 'off',
      // Empty functions are the "nothing to do" of a callback.
      '@typescript-eslint/no-empty-function': 'off',
      // `isolatedDeclarations` wants types on exported values where the linter finds them needless.
      '@typescript-eslint/no-inferrable-types': 'off',
      '@typescript-eslint/consistent-generic-constructors': 'off',
    },
  },
  {
    files: commandLinePrograms,
    rules: { 'no-console': 'off' },
  },
  {
    files: [
      '**/*.test.ts',
      '**/src/testing/**/*.ts',
      'sdk/src/simulation/**/*.ts',
      'emulator-tests/**/*.ts',
    ],
    rules: {
      // A property test prints its seed and what it covered.
      'no-console': 'off',
      // Deliberately wrong input is what a test of a boundary is made of.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
);
