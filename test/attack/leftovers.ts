import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arena } from './attack.ts';

const POLL_MS = 100;
/** Files that sockbench makes on the way to a report and must not leave. */
const UNFINISHED = /\.(tmp|lock|sock)$|^sockbench-/;

interface MarkedProcess {
  readonly pid: number;
  readonly command: string;
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** Running processes that a case started, whatever became of their parents, whose command line contains all of `words`. */
export function markedProcesses(mark: string, words: readonly string[] = []): MarkedProcess[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && read(pid, 'environ').includes(`SOCKBENCH_ATTACK=${mark}`))
    .map((pid) => ({ pid, command: read(pid, 'cmdline').split('\0').join(' ').trim() }))
    .filter(({ command }) => command !== '' && words.every((word) => command.includes(word)));
}

/** Whether a process names the folder of a case in its command line, or works in it: one may clear its environment. */
function isIn(folder: string, pid: number): boolean {
  try {
    return read(pid, 'cmdline').includes(folder) || readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
  } catch {
    return false;
  }
}

/** What runs of a case, however it was started. */
function processesOf(folder: string, mark: string): MarkedProcess[] {
  const others = readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid && isIn(folder, pid))
    .map((pid) => ({ pid, command: read(pid, 'cmdline').split('\0').join(' ').trim() }));
  const all = [...markedProcesses(mark), ...others.filter(({ command }) => command !== '')];
  return [...new Map(all.map((each) => [each.pid, each])).values()];
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

/** The largest memory that one running process of a case has had so far, in MiB. */
export function peakMiB(mark: string): number {
  const peaks = markedProcesses(mark).map(({ pid }) => /VmHWM:\s+(\d+) kB/.exec(read(pid, 'status'))?.[1]);
  return Math.round(Math.max(0, ...peaks.map((kib) => Number(kib ?? 0))) / 1024);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
    socket.on('close', (failed) => resolve(!failed));
  });
}

/** Whether something listens on the port all the time until then; a process that was killed needs a moment to end. */
async function acceptsUntil(port: number, deadlineMs: number): Promise<boolean> {
  while (await accepts(port)) {
    if (performance.now() >= deadlineMs) return true;
    await sleep(POLL_MS);
  }
  return false;
}

function unfinishedIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((path) => UNFINISHED.test(path.split('/').at(-1) ?? ''));
}

function worktreesOf(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name, '.git/worktrees'))
    .filter((path) => existsSync(path) && readdirSync(path).length > 0);
}

/** Waits up to `graceMs` for the processes of a case to end, then says what it left, and ends what still runs. */
export async function leftBehind(arena: Arena, mark: string, graceMs: number): Promise<string[]> {
  const deadlineMs = performance.now() + graceMs;
  let processes = processesOf(arena.folder, mark);
  while (processes.length > 0 && performance.now() < deadlineMs) {
    await sleep(POLL_MS);
    processes = processesOf(arena.folder, mark);
  }
  const left = processes.map(({ pid, command }) => `process ${pid} (${command.slice(0, 120)})`);
  for (const { pid } of processes) kill(pid);
  // What a daemon with an environment and a folder of its own holds is only known by its port.
  if (processes.length === 0 && (await acceptsUntil(arena.port, deadlineMs))) {
    left.push(`a listener on port ${arena.port}`);
  }
  const folders = [
    ...(existsSync(arena.tmp) ? readdirSync(arena.tmp).map((name) => `${name} in TMPDIR`) : []),
    ...unfinishedIn(arena.out).map((path) => `unfinished ${path}`),
    ...worktreesOf(arena.folder).map((path) => `a worktree in ${path}`),
  ];
  return [...left, ...folders];
}
