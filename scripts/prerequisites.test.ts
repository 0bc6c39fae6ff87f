import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findChromium, findJava, findRedis } from './prerequisites.js';

let folder: string;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sealsync-prerequisites-')));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeProgram(path: string, script: string): string {
  const full = join(folder, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, `#!/bin/sh\n${script}\n`);
  chmodSync(full, 0o755);
  return full;
}

function writeJava(home: string, version: string): string {
  return writeProgram(`${home}/bin/java`, `echo 'openjdk version "${version}"' >&2`);
}

describe('findJava', () => {
  it('passes over an old Java on PATH for a newer one elsewhere, so nobody has to change PATH', () => {
    writeJava('old', '17.0.1');
    const newer = writeJava('jvm/newer', '25.0.1');
    const found = findJava({ PATH: join(folder, 'old/bin') }, [join(folder, 'jvm/newer')]);
    expect(found).toEqual({ found: true, path: newer });
  });

  it('prefers JAVA_HOME, so a chosen Java is the one that runs', () => {
    const chosen = writeJava('chosen', '22.0.1');
    writeJava('other', '25.0.1');
    const env = { JAVA_HOME: join(folder, 'chosen'), PATH: join(folder, 'other/bin') };
    expect(findJava(env, [])).toEqual({ found: true, path: chosen });
  });

  it('says what is there and what to install where every Java is too old', () => {
    writeJava('old', '17.0.1');
    const missing = findJava({ PATH: join(folder, 'old/bin') }, []);
    expect(missing).toMatchObject({
      found: false,
      sentence: expect.stringMatching(/Java 21.*found only 17.*apt install/) as string,
    });
  });

  it('is not stopped by a java that fails', () => {
    writeProgram('broken/bin/java', 'exit 1');
    const good = writeJava('good', '21');
    const found = findJava({ PATH: join(folder, 'broken/bin') }, [join(folder, 'good')]);
    expect(found).toEqual({ found: true, path: good });
  });
});

describe.each([
  { find: findRedis, program: 'redis-server', setting: 'REDIS_SERVER_PATH' },
  { find: findChromium, program: 'google-chrome', setting: 'CHROMIUM_PATH' },
])('$find.name', ({ find, program, setting }) => {
  it('finds it on PATH', () => {
    const path = writeProgram(`bin/${program}`, 'exit 0');
    expect(find({ PATH: join(folder, 'bin') })).toEqual({ found: true, path });
  });

  it('prefers the path that was set', () => {
    writeProgram(`bin/${program}`, 'exit 0');
    const path = writeProgram('elsewhere/it', 'exit 0');
    expect(find({ PATH: join(folder, 'bin'), [setting]: path })).toEqual({ found: true, path });
  });
});

it('findRedis says how to install it where there is none', () => {
  expect(findRedis({ PATH: folder })).toMatchObject({
    found: false,
    sentence: expect.stringContaining('apt install redis-server') as string,
  });
});
