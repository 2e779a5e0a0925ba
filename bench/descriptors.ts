import { EXIT, fail } from '../src/errors.ts';
import { openFilesLimit } from '../src/run/open-files.ts';
import { formatCount } from '../src/units.ts';

/** Files of a process besides its connections. */
const OTHER_FILES = 200;

/** Refuses more connections than the limit of open files allows to one process. */
export function requireDescriptors(connections: number, limit = openFilesLimit()): void {
  const needed = connections + OTHER_FILES;
  if (limit >= needed) return;
  fail(
    'FILE_LIMIT',
    `${formatCount(connections)} connections need ${formatCount(needed)} open files in a process; the limit is ${formatCount(limit)}`,
    `Run "ulimit -Hn ${needed}" as root, or measure fewer connections with --quick.`,
    EXIT.usage,
  );
}
