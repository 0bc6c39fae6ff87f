import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { buildManifest, buildManifestJar } from './manifest-jar.js';

const mainClass = 'com.example.Main';

/** Undoes the wrapping as the JAR File Specification says: line break and one space. */
function unfold(manifest: string): string[] {
  return manifest.replaceAll('\r\n ', '').split('\r\n');
}

describe('buildManifest', () => {
  it.each([0, 40, 59, 60, 61, 130, 131, 400])(
    'keeps lines within 72 bytes for a path %i characters deep, or Java refuses the jar',
    (depth) => {
      const jarUrl = new URL(`file:///${'d'.repeat(depth)}/emulator.jar`);
      const manifest = buildManifest(mainClass, jarUrl);
      const lengths = manifest.split('\r\n').map((line) => Buffer.byteLength(line));
      expect(Math.max(...lengths)).toBeLessThanOrEqual(72);
      expect(unfold(manifest)).toEqual([
        'Manifest-Version: 1.0',
        `Main-Class: ${mainClass}`,
        `Class-Path: ${jarUrl.href}`,
        '',
        '',
      ]);
    },
  );
});

describe('buildManifestJar', () => {
  it('puts the manifest where Java looks for it', () => {
    const jarUrl = new URL('file:///opt/some%20folder/emulator.jar');
    const files = unzipSync(buildManifestJar(mainClass, jarUrl));
    expect(Object.keys(files)).toEqual(['META-INF/MANIFEST.MF']);
    expect(strFromU8(files['META-INF/MANIFEST.MF'] ?? new Uint8Array())).toBe(
      buildManifest(mainClass, jarUrl),
    );
  });
});
