/**
 * The second opinion: runs the same requests with sockbench, with Artillery's engines and, when it is on PATH, with k6,
 * on a server that counts, and shows by experiments where their reports differ. Writes docs/cross-check.json and
 * docs/cross-check.md. Takes about four minutes; leave the machine alone meanwhile.
 *
 *     npm run cross-check [-- --render]     --render writes the page again from the stored figures
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endWithNpm } from '../../src/cli/npm-parent.ts';
import { VERSION } from '../../src/package.ts';
import { git } from '../../src/run/base/git.ts';
import { readStat } from '../../src/run/server/process-tree.ts';
import { Foreground } from '../artillery/foreground.ts';
import { installArtillery, isArtilleryInstalled } from '../artillery/install.ts';
import { versionBeside } from './artillery.ts';
import {
  allFailed,
  closedLoop,
  features,
  LOADS,
  neverAck,
  noAck,
  responseStep,
  stalls,
  workload,
} from './experiments.ts';
import { k6Version } from './k6.ts';
import { claimsOf, crossCheckPage } from './page.ts';
import { type CrossCheck, crossCheckSchema } from './record.ts';

const DOCS = join(import.meta.dirname, '../../docs');
const CROSS_CHECK_FIGURES = join(DOCS, 'cross-check.json');

/** Runs an experiment and reports on stderr how long it took. */
async function timed<T>(name: string, experiment: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  const result = await experiment();
  process.stderr.write(`${name}: ${Math.round((performance.now() - startMs) / 1000)} s\n`);
  return result;
}

async function crossCheck(): Promise<CrossCheck> {
  const startedAt = new Date();
  const commit = git(DOCS, 'rev-parse', '--short', 'HEAD');
  const same = await timed('the same requests', workload);
  const stalled = await timed('stalls', stalls);
  const loop = await timed('closed loop', closedLoop);
  const unacknowledged = await timed('no ack', noAck);
  const done = await timed('features', features);
  // These judge counts and seconds, not milliseconds.
  const [response, never, failing] = await timed('response step, never acknowledged, all failed', () =>
    Promise.all([responseStep(), neverAck(), allFailed()]),
  );
  return {
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    commit: commit.ok ? commit.text : null,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, ${type()} ${release()}`,
    versions: {
      sockbench: VERSION,
      artillery: versionBeside('artillery'),
      'artillery-engine-socketio-v3': versionBeside('artillery-engine-socketio-v3'),
      'Node.js': process.version,
    },
    loads: LOADS,
    k6: k6Version(),
    experiments: {
      workload: same,
      closedLoop: loop,
      noAck: unacknowledged,
      responseStep: response,
      neverAck: never,
      stalls: stalled.runs,
      failed: failing,
      features: done.runs,
    },
    thread: stalled.thread,
    plugin: done.plugin,
  };
}

const { values } = parseArgs({ options: { render: { type: 'boolean', default: false } } });
// What it started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1));
endWithNpm(process.env, new AbortController().signal);
if (!values.render) {
  if (readStat(process.pid) === null)
    throw new Error('the cross-check reads CPU time from /proc, which is missing');
  if (!isArtilleryInstalled()) await installArtillery(new Foreground());
  writeFileSync(CROSS_CHECK_FIGURES, `${JSON.stringify(await crossCheck(), null, 1)}\n`);
}
const stored = crossCheckSchema.parse(JSON.parse(readFileSync(CROSS_CHECK_FIGURES, 'utf8')));
writeFileSync(join(DOCS, 'cross-check.md'), crossCheckPage(stored));
for (const { title, outcome } of claimsOf(stored)) process.stderr.write(`${outcome.padEnd(9)} ${title}\n`);
