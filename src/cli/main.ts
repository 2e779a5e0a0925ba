/** The process: the only file that uses its streams, signals and exit code. */
import { EXIT } from '../errors.ts';
import { guardProcess } from '../user-files/process-guard.ts';
import type { Cli } from './cli.ts';
import { crashText, runCli } from './program.ts';

/** Exit code of Node.js when nothing is left to do and a top-level await is pending. */
const NODE_UNSETTLED = 13;

const interrupt = new AbortController();
process.on('SIGINT', () => {
  if (interrupt.signal.aborted) {
    process.stderr.write('\nquit: the measurements were discarded\n');
    process.exit(130);
  }
  process.stderr.write('\nstopping: draining and reporting what was measured; press Ctrl-C again to quit\n');
  interrupt.abort();
});
process.on('SIGTERM', () => interrupt.abort());
// The terminal is gone. An orderly exit ends server and workers.
process.on('SIGHUP', () => process.exit(129));

/** The exit code of the command; null while it runs. */
let endedWith: number | null = null;
let isOutputLost = false;

guardProcess({
  onUserError: (message) => process.stderr.write(`warning: ${message}\n`),
  onCrash: (error) => {
    process.stderr.write(crashText(error));
    process.exit(EXIT.crash);
  },
});
process.on('exit', (code) => {
  // Nothing was left to wait for, or a file of the user ended the process.
  if (endedWith !== null || (code !== 0 && code !== NODE_UNSETTLED)) return;
  process.exitCode = EXIT.crash;
  process.stderr.write('error: sockbench ended before its command was finished\n');
});

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader such as head closes the pipe early; the run continues, and its files are written.
    if (error.code === 'EPIPE' || isOutputLost) return;
    isOutputLost = true;
    if (stream === process.stdout)
      process.stderr.write(`error: stdout cannot be written: ${error.message}\n`);
  });
}

function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    process.stderr.write('error: the working directory was deleted\nChange to another one.\n');
    process.exit(EXIT.usage);
  }
}

const cli: Cli = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTty: process.stderr.isTTY === true,
  width: process.stderr.columns ?? 100,
  argv: process.argv.slice(2),
  env: process.env,
  cwd: workingFolder(),
  signal: interrupt.signal,
};

const exitCode = await runCli(cli);
await new Promise((resolve) => process.stdout.write('', resolve));
// A verdict that was not read is no success.
endedWith = exitCode === EXIT.passed && isOutputLost ? EXIT.usage : exitCode;
// Timers and sockets of a file of the user would keep this process alive.
process.exit(endedWith);
