/**
 * What the load generator itself costs, beside a client in C and the bare client packages:
 *
 *     npm run bench:self                     about 20 minutes, on a quiet machine; writes docs/performance.md
 *     npm run bench:self -- --quick          two minutes: one round of delivery, request and pacing; writes nothing
 *     npm run bench:self -- --only delivery --only wire-kernel --only floor
 *
 * `--only` names sections or clients, `--rounds` and `--seconds` set the number of rounds and the measured time, and
 * `--no-write` leaves the page as it is. Exit code 99 when a goal was missed.
 */
import { writeFileSync } from 'node:fs';
import { cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endWithNpm } from '../src/cli/npm-parent.ts';
import { EXIT, fail, SockbenchError } from '../src/errors.ts';
import { git } from '../src/run/base/git.ts';
import { didYouMean } from '../src/text.ts';
import { formatDurationMs, formatMinute } from '../src/units.ts';
import { type Arms, findArms } from './arms.ts';
import { dashboardCosts } from './dashboard.ts';
import { requireDescriptors } from './descriptors.ts';
import { judgeGoals } from './goals.ts';
import { type Benchmark, benchText, performancePage } from './page.ts';
import { measureArms } from './rounds.ts';
import { type BenchSection, type Extent, sectionsOf } from './sections.ts';

const PAGE = join(import.meta.dirname, '../docs/performance.md');
/** As long as a run of sockbench by default: V8 compiles for some seconds, and later compiles no more. */
const FULL = { rounds: 3, measureMs: 6000, warmupMs: 6000, idle: [1000, 10_000], scale: [100, 1000, 10_000] };
const QUICK = { rounds: 1, measureMs: 1000, warmupMs: 1000, idle: [500], scale: [100, 500] };

/** The sections of --quick, unless --only names others. */
const QUICK_SECTIONS = ['delivery', 'request', 'pacing'];

/** A whole number of at least 1 that a flag gives; `usual` without it. */
function wholeNumber(flag: string, text: string | undefined, usual: number): number {
  if (text === undefined) return usual;
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  return fail('BAD_FLAG', `--${flag} ${text}: a whole number from 1 to 9999 is needed`);
}

/** Those of `all` that `only` names; all when it names none of them. */
function chosen<Named extends { readonly name: string }>(all: readonly Named[], only: readonly string[]) {
  const named = all.filter(({ name }) => only.includes(name));
  return named.length === 0 ? all : named;
}

function requireKnown(only: readonly string[], sections: readonly BenchSection[], { arms }: Arms): void {
  const known = [...sections, ...arms].map(({ name }) => name);
  for (const name of only) {
    if (known.includes(name)) continue;
    fail('BAD_FLAG', `--only ${name}: it is none of ${known.join(', ')}`, didYouMean(name, known));
  }
}

function benchFacts(startedAt: Date): Array<readonly [string, string]> {
  const commit = git(import.meta.dirname, 'rev-parse', '--short', 'HEAD');
  const took = formatDurationMs(Math.round((Date.now() - startedAt.getTime()) / 1000) * 1000);
  return [
    ['measured', `${formatMinute(startedAt.toISOString())} UTC, in ${took}`],
    ['machine', `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${type()} ${release()}`],
    ['commit', `${commit.ok ? commit.text : 'unknown'}, Node.js ${process.version}`],
  ];
}

async function runBenchmark(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      'no-write': { type: 'boolean', default: false },
    },
  });
  const usual = values.quick ? QUICK : FULL;
  const extent: Extent = {
    ...usual,
    rounds: wholeNumber('rounds', values.rounds, usual.rounds),
    measureMs: wholeNumber('seconds', values.seconds, usual.measureMs / 1000) * 1000,
  };
  const found = findArms();
  const all = sectionsOf(extent);
  requireKnown(values.only, all, found);
  const isSection = (name: string) => all.some((section) => section.name === name);
  const sections = chosen(all, values.quick && !values.only.some(isSection) ? QUICK_SECTIONS : values.only);
  const arms = { ...found, arms: chosen(found.arms, values.only) };
  requireDescriptors(
    Math.max(...sections.flatMap(({ loads }) => loads.map(({ connections }) => connections))),
  );
  const startedAt = new Date();
  const measurements = await measureArms(sections, arms.arms, (text) => process.stderr.write(`${text}\n`));
  const environment = benchFacts(startedAt);
  const benchmark: Benchmark = { extent, sections, arms, measurements, environment };
  process.stdout.write(`\n${benchText(benchmark)}`);
  const isWhole = !values.quick && values.only.length === 0;
  if (isWhole && !values['no-write']) {
    writeFileSync(PAGE, performancePage(benchmark));
    process.stderr.write('wrote docs/performance.md\n');
  }
  const judged = [...judgeGoals(measurements.rounds), ...dashboardCosts(measurements.rounds)];
  const missed = judged.some(({ verdict }) => verdict === 'FAIL');
  process.exitCode = missed ? EXIT.failed : EXIT.passed;
}

// What it started ends with this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(EXIT.usage));
endWithNpm(process.env, new AbortController().signal);
try {
  await runBenchmark();
} catch (error) {
  if (!(error instanceof SockbenchError)) throw error;
  process.stderr.write(`error: ${error.message}${error.hint === '' ? '' : `\n${error.hint}`}\n`);
  process.exitCode = error.exitCode;
}
