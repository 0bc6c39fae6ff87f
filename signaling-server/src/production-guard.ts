const EMULATOR_VARIABLES = ['FIREBASE_AUTH_EMULATOR_HOST', 'FIRESTORE_EMULATOR_HOST'] as const;

/**
 * Why this environment must not serve, or `undefined`. Beside an Auth emulator
 * anybody's self-made unsigned token is valid.
 */
export function findUnsafeSetting(
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (env['NODE_ENV'] !== 'production') return undefined;
  const set = EMULATOR_VARIABLES.find((name) => env[name] !== undefined && env[name] !== '');
  return set && `${set} must not be set while NODE_ENV is "production": unset one of them.`;
}
