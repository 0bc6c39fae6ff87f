import { strToU8, zipSync } from 'fflate';

const maxLineBytes = 72;

/**
 * A jar that holds nothing but a manifest: it starts `mainClass` from the jar at `jarUrl`. The
 * emulator jar of the Google Cloud CLI has no main class of its own, and firebase-tools can only
 * start a jar with `java -jar`.
 */
export function buildManifestJar(mainClass: string, jarUrl: URL): Uint8Array {
  return zipSync({ 'META-INF/MANIFEST.MF': strToU8(buildManifest(mainClass, jarUrl)) });
}

/** The manifest's text; the format is the JAR File Specification's. */
export function buildManifest(mainClass: string, jarUrl: URL): string {
  const lines = ['Manifest-Version: 1.0', `Main-Class: ${mainClass}`, `Class-Path: ${jarUrl.href}`];
  return `${lines.map(wrapLine).join('\r\n')}\r\n\r\n`;
}

/** No line may be longer than 72 bytes; a continuation starts with a space, which counts. */
function wrapLine(line: string): string {
  const parts = [line.slice(0, maxLineBytes)];
  for (let at = maxLineBytes; at < line.length; at += maxLineBytes - 1) {
    parts.push(line.slice(at, at + maxLineBytes - 1));
  }
  return parts.join('\r\n ');
}
