import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isLogWhole } from './level-log.js';

/**
 * What LevelDB would not say: without the file CURRENT it starts anew over what is there, and
 * of a log it drops what has a wrong checksum. Asked before it opens, while all is still there.
 */
export async function isDirectoryWhole(path: string): Promise<boolean> {
  const names = await readdir(path);
  const logs = names.filter((name) => /^\d+\.log$/.test(name));
  const holdsData = logs.length > 0 || names.some((name) => /^\d+\.(ldb|sst)$/.test(name));
  if (holdsData && !names.includes('CURRENT')) return false;
  for (const name of logs) {
    // The process that has it open may just have put it away.
    const log = await readFile(join(path, name)).catch(() => undefined);
    if (log && !isLogWhole(log)) return false;
  }
  return true;
}
