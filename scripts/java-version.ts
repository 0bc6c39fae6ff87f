/**
 * Reads the major version from the output of `java -version`, which names it as
 * `version "21.0.4"` since Java 9 (JEP 223) and as `version "1.8.0_402"` before.
 */
export function parseJavaMajor(output: string): number | undefined {
  const match = /version "(\d+)(?:\.(\d+))?/.exec(output);
  if (match === null) return undefined;
  const [first, second] = [Number(match[1]), Number(match[2] ?? '0')];
  return first === 1 ? second : first;
}
