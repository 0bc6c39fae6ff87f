import { spawnSync } from 'node:child_process';

interface ProcessRow {
  pid: number;
  parent: number;
  state: string;
}

function listProcesses(): ProcessRow[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' });
  return stdout.split('\n').map((row) => {
    const [pid = '', parent = '', state = ''] = row.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), state };
  });
}

/** Children, their children, and so on. */
export function listDescendants(pid: number): number[] {
  const rows = listProcesses();
  const below = (parent: number): number[] =>
    rows.filter((row) => row.parent === parent).flatMap((row) => [row.pid, ...below(row.pid)]);
  return below(pid);
}

/** A process that ended but was not collected by its parent (Z) runs no more. */
export function listRunning(pids: readonly number[]): number[] {
  return listProcesses()
    .filter(({ pid, state }) => pids.includes(pid) && !state.startsWith('Z'))
    .map(({ pid }) => pid);
}
