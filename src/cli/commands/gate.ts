import { appendFile } from 'node:fs/promises';
import { choice, type OptionTable, parseOptions } from '../../contract/options.ts';
import { EXIT, type ExitCode, messageOf, SockbenchError } from '../../errors.ts';
import { planIn } from '../../plan/plan.ts';
import { renderGithubAnnotations } from '../../report/ci/github-annotations.ts';
import { renderGithubSummary } from '../../report/ci/github-summary.ts';
import { readBaseline } from '../../result/baseline.ts';
import type { Comparison } from '../../result/comparison.ts';
import { checkOutBase } from '../../run/base/check-out.ts';
import { git } from '../../run/base/git.ts';
import { minRounds } from '../../stats/looks.ts';
import { MOST_GATING } from '../../stats/rules.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { carryOut } from '../comparing.ts';
import { addComparisonFlags, type ComparisonFlags, wholeNumber } from '../comparison-flags.ts';
import { ALPHA, type Arm, looksOf, planArm, prepare } from '../comparison-plan.ts';
import { addTable } from '../flags.ts';

const text = (value: string) => value;

const GATE_OPTIONS = {
  baseExec: {
    value: 'CMD',
    default: null,
    summary: 'command that starts the server to compare with, at the same URL as that of --exec',
    parse: text,
  },
  baseRef: {
    value: 'REF',
    default: null,
    summary: 'compare with what --exec starts in a git worktree of this branch, tag or commit',
    parse: text,
  },
  baseInstall: {
    value: 'CMD',
    default: null,
    summary: 'installs what that worktree needs; by its lock file, such as npm ci, unless given',
    parse: text,
  },
  baseline: {
    value: 'FILE',
    default: null,
    summary: 'compare with the head of an earlier rounds.json, measured on this very machine',
    parse: text,
  },
  quick: {
    value: null,
    default: 'false',
    summary: '15 rounds instead of up to 30: under 2 minutes, and sees less',
    parse: (value: string) => value === 'true',
  },
  inconclusive: {
    value: 'pass|fail',
    default: 'fail',
    summary: 'exit code where no verdict can be given: 0 or 4',
    parse: choice(['pass', 'fail']),
  },
} as const satisfies OptionTable;

const EXAMPLES = `
Exit codes: 0 OK or IMPROVED, 99 REGRESSED or a threshold failed, 4 INCONCLUSIVE, 3 INVALID.

Examples:
  sockbench gate broadcast-latency --target http://127.0.0.1:3000 --exec 'node dist/server.js' --base-ref origin/main
  sockbench gate ack-roundtrip --target ws://127.0.0.1:3000 --exec 'node new.js' --base-exec 'node old.js' --quick
  sockbench gate broadcast-latency --target http://127.0.0.1:3000 --exec 'node server.js' --baseline main/rounds.json`;

const FORMATS = 'text,json,html,junit';

type GateFlags = ComparisonFlags & Readonly<Record<string, unknown>>;
type GateOptions = ReturnType<typeof parseOptions<typeof GATE_OPTIONS>>;

export const addGate: AddCommand = (program, cli, finish) => {
  const command = program
    .command('gate')
    .description('say whether a server became slower than its base, and fail a CI job only when it did')
    .argument('<scenario>', 'name of a scenario, see list; or a file that defines one');
  addTable(command, GATE_OPTIONS, true);
  addComparisonFlags(command, 'most rounds; a look at half of them may be enough (default: 30)', FORMATS);
  command.addHelpText('after', EXAMPLES);
  command.action(async (scenario: string, flags: GateFlags) => {
    finish(await gate(cli, scenario, flags));
  });
};

async function gate(cli: Cli, scenario: string, flags: GateFlags): Promise<ExitCode> {
  const entries = Object.entries(flags);
  const own = entries.filter(([name]) => name in GATE_OPTIONS).map(([name, value]) => [name, String(value)]);
  const options = parseOptions(GATE_OPTIONS, Object.fromEntries(own));
  const shared: ComparisonFlags = Object.fromEntries(entries.filter(([name]) => !(name in GATE_OPTIONS)));
  requireOneBase(options);
  const head = await planArm(scenario, { name: 'head', spec: specOf(flags), flags: {} }, shared);
  const comparison = await againstBase(cli, scenario, options, shared, head);
  await tellGithub(cli, comparison);
  return exitCodeOf(comparison, options);
}

/** How the head was asked for. */
function specOf({ exec, target }: GateFlags): string {
  return String(exec ?? target ?? '');
}

function requireOneBase({ baseExec, baseRef, baseline, baseInstall }: GateOptions): void {
  const given = [baseExec, baseRef, baseline].filter((base) => base !== null);
  if (given.length !== 1) {
    throw new SockbenchError({
      code: 'BAD_BASE',
      message: `a gate needs one base to compare with, and ${given.length === 0 ? 'none was' : 'several were'} given`,
      hint: 'Give one of --base-exec CMD, --base-ref REF and --baseline FILE.',
    });
  }
  if (baseInstall !== null && baseRef === null) {
    throw new SockbenchError({
      code: 'BAD_BASE',
      message: '--base-install installs what the worktree of --base-ref needs, and there is none',
      hint: 'Leave --base-install out, or give --base-ref.',
    });
  }
}

/** Everything that can be checked is checked before a base is installed. */
async function againstBase(
  cli: Cli,
  scenario: string,
  options: GateOptions,
  flags: ComparisonFlags,
  head: Arm,
): Promise<Comparison> {
  const { baseExec, baseRef, baseInstall, baseline, quick } = options;
  const rounds = wholeNumber('rounds', flags, quick ? 15 : 30, [2, 500]);
  const parts = { command: 'gate' as const, looks: looksOf(rounds, !quick), baseline: null, notes: [] };
  if (baseline !== null) return againstStored(cli, baseline, rounds, quick, flags, head);
  requireExec(head, baseRef === null ? '--base-exec' : '--base-ref');
  if (baseExec !== null) {
    const base = await planArm(scenario, { name: 'base', spec: baseExec, flags: { exec: baseExec } }, flags);
    return carryOut(cli, await prepare(flags, FORMATS, { ...parts, arms: [base, head] }));
  }
  const ref = baseRef ?? 'HEAD';
  requireMovable(head, cli.cwd);
  await prepare(flags, FORMATS, { ...parts, arms: [{ ...head, name: 'base' }, head] });
  const checkout = await checkOutBase({
    ref,
    install: baseInstall,
    repository: cli.cwd,
    signal: cli.signal,
    onLine: (line) => {
      if (flags.quiet !== true) cli.err(`${line}\n`);
    },
  });
  try {
    const base = { ...head, name: 'base', spec: ref, plan: planIn(checkout.folder, head.plan) };
    const arms = [base, head] as const;
    return await carryOut(cli, await prepare(flags, FORMATS, { ...parts, arms, notes: checkout.notes }));
  } finally {
    await checkout.remove();
  }
}

function requireExec({ plan: { target } }: Arm, flag: string): void {
  if (target.exec !== null) return;
  throw new SockbenchError({
    code: 'BASE_WITHOUT_EXEC',
    message: `${flag} needs the command that starts the head's server too, and --target ${target.name} has none`,
    hint: 'Give --exec CMD, and as --target the URL at which it listens.',
  });
}

/** A command that names the checkout would start the head as its own base. */
function requireMovable({ plan: { target } }: Arm, cwd: string): void {
  const top = git(cwd, 'rev-parse', '--show-toplevel');
  const folders = [cwd, ...(top.ok ? [top.text] : [])];
  const named = folders.find((folder) => target.exec?.includes(folder));
  if (named === undefined) return;
  throw new SockbenchError({
    code: 'BASE_EXEC_ABSOLUTE',
    message: `--exec "${target.exec}" names ${named}, so it would start the same server for the base as for the head`,
    hint: 'Name what it starts from the working directory, as in --exec "node dist/server.js".',
  });
}

async function againstStored(
  cli: Cli,
  file: string,
  wanted: number,
  quick: boolean,
  flags: ComparisonFlags,
  head: Arm,
): Promise<Comparison> {
  const results = await readBaseline(file);
  const least = minRounds(ALPHA, MOST_GATING);
  const [first] = results;
  if (first === undefined || results.length < least) {
    throw new SockbenchError({
      code: 'BAD_BASELINE',
      message: `${file} holds ${results.length === 1 ? 'one run' : `${results.length} valid rounds`}; a verdict needs ${least} at least, since only rounds show how far the figures spread`,
      hint: 'Give the rounds.json that a gate or compare wrote; the runs of its last arm are the baseline.',
    });
  }
  if (first.plan.scenario !== head.plan.scenario) {
    throw new SockbenchError({
      code: 'BAD_BASELINE',
      message: `${file} holds rounds of ${first.plan.scenario}, and this is ${head.plan.scenario}`,
      hint: 'Give the rounds.json of the same scenario.',
    });
  }
  const rounds = Math.min(wanted, results.length);
  const base = { ...head, name: 'base', spec: file, plan: first.plan };
  const looks = looksOf(rounds, !quick);
  const parts = { command: 'gate' as const, arms: [base, head] as const, looks, notes: [] };
  return carryOut(cli, await prepare(flags, FORMATS, { ...parts, baseline: { file, results } }));
}

/** In a job of GitHub Actions: the summary of the step, and annotations, which are lines of its log. */
async function tellGithub(cli: Cli, comparison: Comparison): Promise<void> {
  const { GITHUB_ACTIONS: isGithub, GITHUB_STEP_SUMMARY: summary } = cli.env;
  if (isGithub === 'true') cli.err(renderGithubAnnotations(comparison));
  if (summary === undefined || summary === '') return;
  try {
    await appendFile(summary, renderGithubSummary(comparison));
  } catch (error) {
    cli.err(`warning: the step summary could not be written: ${messageOf(error)}\n`);
  }
}

/**
 * An invalid comparison proves nothing, so it comes before a threshold that failed in it. One that was broken off
 * does not pass, whatever is made of inconclusive ones.
 */
function exitCodeOf({ judgement, thresholds, status }: Comparison, { inconclusive }: GateOptions): ExitCode {
  const { verdict } = judgement;
  if (verdict === 'INVALID') return EXIT.invalid;
  if (verdict === 'REGRESSED' || thresholds.some(({ passed }) => passed === false)) return EXIT.failed;
  const isUnsure = verdict === 'INCONCLUSIVE' || thresholds.some(({ passed }) => passed === null);
  const isForgiven = inconclusive === 'pass' && status === 'complete';
  return isUnsure && !isForgiven ? EXIT.inconclusive : EXIT.passed;
}
