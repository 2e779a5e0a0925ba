import { basename } from 'node:path';
import { readStat, readSystemFile } from '../run/server/process-tree.ts';

const POLL_PARENT_MS = 500;
const SHELLS: ReadonlySet<string> = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'ksh', 'busybox']);

/**
 * Sends SIGTERM to this process when the npm that started it (npx, yarn, pnpm) has ended. npm starts a shell, and the
 * shell this process. SIGTERM of npm ends the shell only, and SIGKILL ends neither, so that a run would continue to its
 * end unseen.
 *
 * A process that another program started, and one in a group of its own (`setsid`), continues without its parent. Where
 * there is no /proc, only the end of the shell is noticed.
 */
export function endWithNpm({ npm_lifecycle_event: script }: NodeJS.ProcessEnv): void {
  if (script === undefined || readStat(process.pid)?.groupId === process.pid) return;
  const parentPid = process.ppid;
  const shellParentPid = parentOfShell(parentPid);
  const timer = setInterval(() => {
    if (process.ppid === parentPid && parentOfShell(parentPid) === shellParentPid) return;
    clearInterval(timer);
    process.stderr.write('\nnpm, which started this run, has ended\n');
    process.kill(process.pid, 'SIGTERM');
  }, POLL_PARENT_MS);
  timer.unref();
}

/** The parent of a shell; null for a process that is no shell. */
function parentOfShell(pid: number): number | null {
  const name = basename(readSystemFile(`/proc/${pid}/comm`) ?? '');
  return SHELLS.has(name) ? (readStat(pid)?.parentPid ?? null) : null;
}
