/**
 * Runs firebase-tools for the launcher and outlives it by a moment. Its standard input is a pipe
 * that the launcher holds: a `stop` on it asks for a shutdown, and when it closes (the launcher
 * exited, crashed or was killed) everything is killed at once. Plain Node, so that it starts fast
 * and needs no loader.
 *
 * Arguments: work folder, program, its arguments. The work folder's random name stands in the
 * command line of the Java process, which firebase-tools puts into a process group of its own, so
 * it is found even where firebase-tools died first. The folder is removed at the end.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

const gracefulStopMs = 8_000;
const killRoundMs = 50;
const maxKillRounds = 100;

const [workDir, program, ...args] = process.argv.slice(2);
let stopping = false;

const child = spawn(program, args, {
  cwd: workDir,
  detached: true,
  stdio: ['ignore', 'inherit', 'inherit'],
});
child.on('error', () => void finish(1));
child.on('exit', (code) => void finish(stopping ? 0 : (code ?? 1)));

process.stdin.on('data', () => stopGracefully());
for (const event of ['end', 'close', 'error']) process.stdin.on(event, () => void finish(1));
// The terminal's signals are meant for the launcher, which closes the pipe when it goes.
process.on('SIGINT', () => undefined);
process.on('SIGHUP', () => undefined);
process.on('SIGTERM', () => void finish(1));

function stopGracefully() {
  if (stopping) return;
  stopping = true;
  kill(-child.pid, 'SIGINT');
  setTimeout(() => void finish(0), gracefulStopMs);
}

let finishing = false;
async function finish(exitCode) {
  if (finishing) return;
  finishing = true;
  for (let round = 0; round < maxKillRounds; round++) {
    if (child.pid !== undefined) kill(-child.pid, 'SIGKILL');
    const left = listOurProcesses();
    if (left.length === 0) break;
    for (const pid of left) kill(pid, 'SIGKILL');
    await delay(killRoundMs);
  }
  rmSync(workDir, { recursive: true, force: true });
  process.exit(exitCode);
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch {
    // Gone already.
  }
}

function listOurProcesses() {
  return listCommandLines()
    .filter(({ pid, command }) => pid !== process.pid && command.includes(workDir))
    .map(({ pid }) => pid);
}

/** Read from /proc where there is one: slim containers have no `ps`. */
function listCommandLines() {
  if (process.platform === 'linux') {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => ({ pid: Number(name), command: readCommandLine(name) }));
  }
  const ps = spawnSync('ps', ['-A', '-ww', '-o', 'pid=,command='], { encoding: 'utf8' });
  return (ps.stdout ?? '').split('\n').map((line) => {
    const [, pid, command] = /^\s*(\d+)\s+(.*)$/.exec(line) ?? [];
    return { pid: Number(pid ?? -1), command: command ?? '' };
  });
}

function readCommandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
