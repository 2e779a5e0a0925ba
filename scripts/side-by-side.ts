/**
 * Loops over the command line:
 *
 *     npm run bench              the main job: three scenarios over Socket.IO websocket, polling and raw ws; one minute;
 *                                flags apply to every run: npm run bench -- --duration 1s
 *     npm run polling-vs-push    what polling costs and delays, over five transports; two minutes
 *     npm run matrix             one scenario over every available server and transport; flags apply to every run:
 *                                npm run matrix -- ack-roundtrip --clients 50 --rate 50/s
 *     npm run disruption         cuts and storms with equal times offline, with and without recovery; two and a half
 *                                minutes; flags apply to every run
 *     npm run framework-tax      what NestJS adds to the library below it
 *
 * The first four print one table and write one page. With --dashboard, the page can be seen while they run:
 * npm run bench -- --dashboard. With --repeat 3, every run has three starts, in turn, and the table has their medians:
 * npm run bench -- --repeat 3
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { whyUnavailable } from '../servers/availability.ts';
import { servers } from '../servers/index.ts';
import { watchNpm } from '../src/cli/npm-parent.ts';
import { SockbenchError } from '../src/errors.ts';
import { type CommandLine, gatherStarts, takeRepeat } from './repeated-series.ts';
import { runInTurn } from './run-in-turn.ts';
import { readResults, resultFiles, takeDashboard } from './shown-series.ts';

const SOCKBENCH = join(import.meta.dirname, '../bin/sockbench.js');
/** Exit code of an invalid run. Its row names the reason, and the other runs remain useful. */
const INVALID = 3;
const isNpmGone = watchNpm(process.env);

const words = (line: string): CommandLine => line.split(' ');
/** Every combination of the two lists, in one command line each, followed by `more`. */
const combine = (left: readonly string[], right: readonly string[], more: string) =>
  left.flatMap((first) => right.map((second) => words(`${first} ${second} ${more}`)));

const SOCKETIO_AND_WS = [
  '--target socketio --transport websocket',
  '--target socketio --transport polling',
  '--target ws',
];

/** The last value of a flag counts, so `given` overrides the load. */
const bench = (given: CommandLine) =>
  combine(
    [
      'broadcast-latency --clients 15 --rate 260/s',
      'room-fanout --clients 40 --rooms 4 --rate 260/s',
      'ack-roundtrip --clients 20 --rate 260/s',
    ],
    SOCKETIO_AND_WS,
    // 4 s at 260/s give the 1,000 broadcasts or requests that p99 needs.
    '--duration 4s --warmup 1s --warmup-max 1s --drain 2s',
  ).map((line) => [...line, ...given]);

const pollingVsPushRuns = () =>
  combine(
    ['polling-vs-push'],
    [
      '--target http-polling --transport short-polling --poll-interval 100ms',
      '--target http-polling --transport long-polling',
      '--target socketio --transport polling',
      '--target socketio --transport websocket',
      '--target ws',
    ],
    '--warmup 2s --warmup-max 2s --drain 2s',
  );

/** Five servers, of which one restores sessions. All arms cut the same clients at the same times. */
const disruption = (given: CommandLine) =>
  combine(
    [
      'recovery --clients 13 --cuts 1s,3s --duration 10s',
      'reconnect-storm --clients 100 --duration 8s --disrupt reset_at=2s_for=2s',
    ],
    [
      '--target socketio',
      '--target socketio --recovery on',
      '--target ws',
      '--target nest-socketio',
      '--target socketio-redis --redis-adapter streams',
    ],
    '--warmup 1s --warmup-max 1s --drain 1s',
  ).map((line) => [...line.map((word) => word.replaceAll('_', ' ')), ...given]);

async function matrix(given: CommandLine): Promise<CommandLine[]> {
  const [first = '--'] = given;
  const [scenario, flags] = first.startsWith('-') ? ['broadcast-latency', given] : [first, given.slice(1)];
  const targets: string[] = [];
  for (const load of Object.values(servers)) {
    const { server } = await load();
    const reason = whyUnavailable(server);
    if (reason !== null) process.stderr.write(`left out ${server.name}: ${reason}\n`);
    else targets.push(...server.transports.map((each) => `--target ${server.name} --transport ${each}`));
  }
  // 4 s at 50/s give the 200 broadcasts that p95 needs.
  const load = '--clients 20 --rate 50/s --duration 4s --warmup 1s --warmup-max 1s --drain 2s';
  return combine([scenario], targets, load).map((line) => [...line, ...flags]);
}

/** Requests, because each of them passes through the framework. Of a broadcast only the publishing does. */
const frameworkTax = () => {
  const load = words('--clients 20 --rate 340/s --payload 64B --seed 1');
  // Every packet has its namespace, so both arms use the same.
  const pairs = [
    ['socketio --namespace /chats', 'nest-socketio --namespace /chats'],
    ['ws', 'nest-ws'],
  ];
  return pairs.map(([library, framework]) => [
    ...['compare', 'ack-roundtrip', '--arm', `library: ${library}`, '--arm', `framework: ${framework}`],
    ...load,
  ]);
};

function sockbench(args: CommandLine): number {
  const { status } = spawnSync(process.execPath, [SOCKBENCH, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  // Its run has stopped too, and the next one would go on unseen.
  if (isNpmGone()) process.exit(INVALID);
  return status ?? 1;
}

/**
 * Runs each command line with results in a new folder of `reports/`, writes one page and prints one table of all.
 * Returns the exit code of the first run that failed, after which no other starts. An invalid run has not failed.
 */
async function runSideBySide(folderPrefix: string, lines: readonly CommandLine[]): Promise<number> {
  const { repeat, commandLines: repeated } = takeRepeat(lines);
  const { port, commandLines } = takeDashboard(repeated);
  mkdirSync('reports', { recursive: true });
  const folder = mkdtempSync(join('reports', folderPrefix));
  const output = ['--format', 'json', '--out', folder];
  const failed = await runInTurn(
    commandLines.map((commandLine) => [SOCKBENCH, 'run', ...commandLine, ...output]),
    (status) => (status === 0 || status === INVALID) && !isNpmGone(),
    { port, results: () => readResults(folder) },
  );
  if (failed !== null) return failed;
  if (repeat > 1) gatherStarts(folder, repeat);
  const paths = resultFiles(folder);
  const status = sockbench(['report', ...paths, '--format', 'html', '--out', folder]);
  return status || sockbench(['report', ...paths]);
}

const [chore = '', ...given] = process.argv.slice(2);
const CHORES: Readonly<Record<string, () => number | Promise<number>>> = {
  bench: () => runSideBySide('bench-', bench(given)),
  disruption: () => runSideBySide('disruption-', disruption(given)),
  'polling-vs-push': () => runSideBySide('polling-', pollingVsPushRuns()),
  matrix: async () => runSideBySide('matrix-', await matrix(given)),
  'framework-tax': () =>
    frameworkTax()
      .map((args) => sockbench(args))
      .find((status) => status !== 0) ?? 0,
};
const run = CHORES[chore];
if (run === undefined) throw new Error(`there is no chore "${chore}"; available: ${Object.keys(CHORES)}`);
try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof SockbenchError)) throw error;
  process.stderr.write(`error: ${error.message}\n${error.hint}\n`);
  process.exitCode = error.exitCode;
}
