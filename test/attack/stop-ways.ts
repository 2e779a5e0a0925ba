import { existsSync } from 'node:fs';
import type { Ended, Running } from '../support/sockbench.ts';
import type { Arena } from './attack.ts';

const PYTHON = '/usr/bin/python3';

/**
 * Runs a command on a terminal of its own and shows what it writes. SIGUSR1 closes the terminal; SIGUSR2 presses Ctrl-C.
 * Ends with the exit code of the command, or 128 and the number of its signal.
 */
const TERMINAL = `
import os, pty, select, signal, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
asked = []
signal.signal(signal.SIGUSR1, lambda *_: asked.append('close'))
signal.signal(signal.SIGUSR2, lambda *_: os.write(terminal, bytes([3])))
while 'close' not in asked:
    if not select.select([terminal], [], [], 0.05)[0]:
        continue
    try:
        os.write(1, os.read(terminal, 65536))
    except OSError:
        break
os.close(terminal)
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(code if code >= 0 else 128 - code)
`;

const ON_TERMINAL = { through: [PYTHON, '-c', TERMINAL] };
export const noPython = () => (existsSync(PYTHON) ? null : `${PYTHON}, for a terminal`);

/** How something ends the program. `Group`: every process of the group, as a terminal and \`timeout\` do. */
export const WAYS = {
  'SIGINT to the group': (run: Running) => process.kill(-run.pid, 'SIGINT'),
  'two SIGINTs at once': (run: Running) => {
    for (const pid of [-run.pid, -run.pid]) process.kill(pid, 'SIGINT');
    run.child.kill('SIGINT');
  },
  'SIGTERM to the group': (run: Running) => process.kill(-run.pid, 'SIGTERM'),
  'SIGHUP to the group': (run: Running) => process.kill(-run.pid, 'SIGHUP'),
  'a closed terminal': (run: Running) => run.child.kill('SIGUSR1'),
  'Ctrl-C on a terminal': (run: Running) => run.child.kill('SIGUSR2'),
} as const;

export type Way = keyof typeof WAYS;

export const isOnTerminal = (way: Way) => way.endsWith('terminal');

/** Starts a command line, ends it in some way once it has said something, and returns how it ended. */
export async function endWhen(
  arena: Arena,
  args: readonly string[],
  said: string | RegExp | (() => Promise<void>),
  way: Way,
  cwd = arena.folder,
): Promise<Ended> {
  const run = arena.start(args, isOnTerminal(way) ? { ...ON_TERMINAL, cwd } : { detached: true, cwd });
  await (typeof said === 'function' ? said() : run.said(said));
  WAYS[way](run);
  return await run.ended;
}
