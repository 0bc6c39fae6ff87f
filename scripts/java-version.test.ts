import { describe, expect, it } from 'vitest';
import { parseJavaMajor } from './java-version.js';

describe('parseJavaMajor', () => {
  it.each([
    ['openjdk version "21.0.4" 2024-07-16 LTS', 21],
    ['openjdk version "25" 2025-09-16', 25],
    ['java version "1.8.0_402"', 8],
    ['openjdk version "22-ea" 2024-03-19', 22],
    ['Picked up JAVA_TOOL_OPTIONS: -Xmx1g\nopenjdk version "17.0.12" 2024-07-16', 17],
  ])('reads %s, or a new enough Java is refused', (output, major) => {
    expect(parseJavaMajor(output)).toBe(major);
  });

  it('does not take the macOS stub without a Java for one', () => {
    expect(
      parseJavaMajor('The operation couldn’t be completed. Unable to locate a Java Runtime.'),
    ).toBe(undefined);
  });
});
