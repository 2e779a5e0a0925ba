/** The process: the only file that uses its streams, signals and exit code. */
import type { Cli } from './cli.ts';
import { runCli } from './program.ts';

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

// A reader such as head closes the pipe early; the run continues, and its files are written.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') return;
    process.exitCode = 1;
    if (stream === process.stdout)
      process.stderr.write(`error: stdout cannot be written: ${error.message}\n`);
  });
}

const cli: Cli = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTty: process.stderr.isTTY === true,
  width: process.stderr.columns ?? 100,
  argv: process.argv.slice(2),
  env: process.env,
  cwd: process.cwd(),
  signal: interrupt.signal,
};

process.exitCode = await runCli(cli);
