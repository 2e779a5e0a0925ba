import { readStat, readSystemFile } from '../run/server/process-tree.ts';

const POLL_PARENT_MS = 500;
/** Every process of an npm script has it, and npm itself has not, unless it is part of another script. */
const SCRIPT_VARIABLE = 'npm_lifecycle_event';

/**
 * Sends SIGTERM to this process when the npm script (npx, yarn, pnpm) that it is part of has ended. npm starts a shell,
 * and the shell this process. SIGTERM of npm ends the shell only, and SIGKILL ends neither, so that a run would continue
 * to its end unseen.
 *
 * @param stopping aborted by the first signal. Ctrl-C reaches all processes of the script, and the shell ends first: that
 *   is no second signal.
 */
export function endWithNpm(env: NodeJS.ProcessEnv, stopping: AbortSignal): void {
  const hasEnded = watchNpm(env);
  const timer = setInterval(() => {
    if (!hasEnded()) return;
    clearInterval(timer);
    if (stopping.aborted) return;
    process.stderr.write('\nthe npm script that started this run has ended\n');
    process.kill(process.pid, 'SIGTERM');
  }, POLL_PARENT_MS);
  timer.unref();
}

/**
 * Returns a function that says whether the npm script that this process is part of has ended since, or a process of it
 * between npm and this one. It says no for a process that npm did not start, and for one in a group of its own (`setsid`),
 * which is meant to continue. Without /proc, only the end of the parent is noticed.
 */
export function watchNpm(env: NodeJS.ProcessEnv): () => boolean {
  if (env[SCRIPT_VARIABLE] === undefined) return () => false;
  const parents = new Map<number, number>();
  let pid = process.pid;
  while (pid === process.pid || isInScript(pid)) {
    const stat = readStat(pid);
    if (stat?.groupId === pid) break;
    const parentPid = stat?.parentPid ?? process.ppid;
    parents.set(pid, parentPid);
    if (stat === null) break;
    pid = parentPid;
  }
  return () => [...parents].some(([child, parentPid]) => parentOf(child) !== parentPid);
}

function parentOf(pid: number): number | undefined {
  return pid === process.pid ? process.ppid : readStat(pid)?.parentPid;
}

function isInScript(pid: number): boolean {
  const environment = readSystemFile(`/proc/${pid}/environ`) ?? '';
  return environment.split('\0').some((entry) => entry.startsWith(`${SCRIPT_VARIABLE}=`));
}
