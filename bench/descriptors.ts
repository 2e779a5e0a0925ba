import { EXIT, fail } from '../src/errors.ts';
import { readSystemFile } from '../src/run/server/process-tree.ts';
import { formatCount } from '../src/units.ts';

/** Files of a process besides its connections. */
const OTHER_FILES = 200;

/** Refuses more connections than the limit of open files allows to one process. Node.js has raised it to the maximum. */
export function requireDescriptors(connections: number, limits = readSystemFile('/proc/self/limits')): void {
  const limit = /^Max open files +(\d+)/m.exec(limits ?? '')?.[1];
  const needed = connections + OTHER_FILES;
  if (limit === undefined || Number(limit) >= needed) return;
  fail(
    'FILE_LIMIT',
    `${formatCount(connections)} connections need ${formatCount(needed)} open files in a process; the limit is ${formatCount(Number(limit))}`,
    `Run "ulimit -Hn ${needed}" as root, or measure fewer connections with --quick.`,
    EXIT.usage,
  );
}
