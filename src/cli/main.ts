/** The process: the only file that uses its streams, signals and exit code. */
import { paintFor } from '../colour.ts';
import { EXIT } from '../errors.ts';
import { foreignLines } from '../foreign.ts';
import { removeLeftovers } from '../run/leftovers/remove.ts';
import { guardProcess } from '../user-files/process-guard.ts';
import type { Cli } from './cli.ts';
import { endWithNpm } from './npm-parent.ts';
import { crashText, runCli } from './program.ts';
import { screenOf } from './progress/screen.ts';
import { STOP_SIGNALS, StopRequests } from './stop.ts';

/** Exit code of Node.js when nothing is left to do and a top-level await is pending. */
const NODE_UNSETTLED = 13;

const screen = screenOf(process.stderr, process.env);
// However the process ends, the shell goes on below what was written.
process.on('exit', () => screen?.clear());

/** Writes above the live view, which may be on the terminal of either stream. */
function writeTo(stream: NodeJS.WriteStream, text: string): void {
  const writeNow = () => void stream.write(text);
  if (screen === null || !stream.isTTY) writeNow();
  else screen.above(writeNow);
}

const stopRequests = new StopRequests({
  nowMs: () => performance.now(),
  write: (text) => writeTo(process.stderr, text),
  quit: (exitCode) => process.exit(exitCode),
});
let isListening = false;

const err = (text: string) => writeTo(process.stderr, foreignLines(text));

/** Before something was started there is nothing to report, and a signal ends the process at once. */
function listenForStop(): AbortSignal {
  if (!isListening) for (const kind of STOP_SIGNALS) process.on(kind, () => stopRequests.receive(kind));
  isListening = true;
  return stopRequests.signal;
}

/** The exit code of the command; null while it runs. */
let endedWith: number | null = null;
let isOutputLost = false;

guardProcess({
  onUserError: (message) => err(`warning: ${message}\n`),
  onCrash: (error) => {
    err(crashText(error));
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
    // A reader such as head closes the pipe early, and a closed terminal is EIO; the run continues, and its files are written.
    const isReaderGone = error.code === 'EPIPE' || (error.code === 'EIO' && stopRequests.signal.aborted);
    if (isReaderGone || isOutputLost) return;
    isOutputLost = true;
    if (stream === process.stdout) err(`error: stdout cannot be written: ${error.message}\n`);
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
  out: (text) => writeTo(process.stdout, text),
  err,
  control: (text) => writeTo(process.stderr, text),
  screen,
  width: process.stderr.columns ?? 100,
  get outWidth() {
    return process.stdout.columns ?? 80;
  },
  paint: {
    out: paintFor(process.stdout.isTTY === true, process.env),
    control: paintFor(process.stderr.isTTY === true, process.env),
  },
  argv: process.argv.slice(2),
  env: process.env,
  cwd: workingFolder(),
  listenForStop,
  removeLeftovers,
};

endWithNpm(process.env, stopRequests.signal);
const exitCode = await runCli(cli);
// Everything but the output has been written, and its reader may never read.
for (const kind of STOP_SIGNALS) process.removeAllListeners(kind);
for (const stream of [process.stdout, process.stderr])
  await new Promise((resolve) => stream.write('', resolve));
// A verdict that was not read is no success.
endedWith = exitCode === EXIT.passed && isOutputLost ? EXIT.usage : exitCode;
// Timers and sockets of a file of the user would keep this process alive.
process.exit(endedWith);
