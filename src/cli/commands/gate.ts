import { appendFile, constants } from 'node:fs/promises';
import { choice, onOff, option } from '../../contract/options.ts';
import { EXIT, type ExitCode, fail, messageOf } from '../../errors.ts';
import { planIn } from '../../plan/plan.ts';
import { renderGithubAnnotations, renderGithubSummary } from '../../report/ci/github.ts';
import { COMPARISON } from '../../report/index.ts';
import type { Comparison } from '../../result/comparison.ts';
import { readBaseline } from '../../result/documents.ts';
import type { Finding } from '../../result/findings.ts';
import type { RunResult } from '../../result/run-result.ts';
import { checkOutBase } from '../../run/base/check-out.ts';
import { git } from '../../run/base/git.ts';
import { minRounds, planLooks } from '../../stats/correction.ts';
import { MAX_GATING } from '../../stats/rules.ts';
import { plural } from '../../text.ts';
import type { AddCommand, Cli } from '../cli.ts';
import {
  type CarriedOut,
  carryOutComparison,
  exitCodeOfComparison,
  withComparisonShown,
} from '../comparison.ts';
import {
  ALPHA,
  type ArmPlan,
  comparisonOptions,
  type PlannedComparison,
  planArm,
  planComparison,
  roundCount,
  TIMING_OPTIONS,
} from '../comparison-plan.ts';
import { addScenarioCommand, type Flags, type FlagValues, readFlags } from '../flags.ts';
import { unlessLost } from '../output.ts';
import { refuseProfile } from '../profile.ts';
import { ROUNDS_REPEAT, refuseRepeat } from '../repeat.ts';

const GATE_FORMATS = `${COMPARISON.defaultFormats},junit`;
export const FULL_ROUNDS = 36;
export const QUICK_ROUNDS = 18;

const GATE_OPTIONS = {
  baseExec: option('CMD', null, 'command that starts the base at the target URL'),
  baseRef: option('REF', null, 'commit of the base, for --exec in a worktree of it'),
  baseInstall: option(
    'CMD',
    null,
    'command that installs the dependencies of that worktree (default: by its lock file, such as npm ci)',
  ),
  baseline: option('FILE', null, 'rounds.json of an earlier gate, whose head is the base'),
  rounds: option(
    'N',
    null,
    `maximum rounds (default: ${FULL_ROUNDS}, or ${QUICK_ROUNDS} with --quick)`,
    roundCount,
  ),
  quick: option(null, 'false', `${QUICK_ROUNDS} rounds and one look: faster, less sensitive`, onOff),
  inconclusive: option('WORD', 'fail', 'what an inconclusive gate does', choice(['pass', 'fail'])),
} as const;

type GateOptions = FlagValues<typeof GATE_OPTIONS>;

export const addGate: AddCommand = (program, cli, finish) => {
  const command = addScenarioCommand(program, {
    name: 'gate',
    description: 'fail a CI job if a server became significantly slower',
    options: { ...GATE_OPTIONS, ...comparisonOptions(GATE_FORMATS), ...TIMING_OPTIONS },
    refused: ['profile'],
    notes: {
      paragraphs: [
        'Exit codes: 0 OK or improved, 99 regressed or threshold failed, 4 inconclusive, 3 invalid.',
      ],
      examples: [
        "sockbench gate broadcast-latency --target http://127.0.0.1:3000 --exec 'node dist/server.js' --base-ref origin/main",
        "sockbench gate ack-roundtrip --target ws://127.0.0.1:3000 --exec 'node new.js' --base-exec 'node old.js' --quick",
        "sockbench gate broadcast-latency --target http://127.0.0.1:3000 --exec 'node server.js' --baseline main/rounds.json",
      ],
    },
  });
  refuseRepeat(command, ROUNDS_REPEAT, '--rounds');
  command.action(async (name: string, flags: Flags) => finish(await gate(cli, name, flags)));
};

async function gate(cli: Cli, name: string, flags: Flags): Promise<ExitCode> {
  const options = readFlags(GATE_OPTIONS, flags);
  requireOneBase(options);
  const spec = String(flags['exec'] ?? flags['target'] ?? '');
  const head = await planArm(name, { name: 'head', spec, flags: {} }, flags);
  refuseProfile(head.plan, 'gate');
  const { comparison, delivery } = await compareWithBase(cli, name, options, flags, head);
  await reportToGithub(cli, comparison);
  const exitCode = exitCodeOfComparison(comparison, ['REGRESSED']);
  // An interrupted gate does not pass, even when inconclusive ones do.
  const isForgiven = options.inconclusive === 'pass' && comparison.status === 'complete';
  return unlessLost(delivery, exitCode === EXIT.inconclusive && isForgiven ? EXIT.passed : exitCode);
}

function requireOneBase({ baseExec, baseRef, baseline, baseInstall }: GateOptions): void {
  const given = [baseExec, baseRef, baseline].filter((base) => base !== null);
  if (given.length !== 1) {
    fail(
      'BAD_BASE',
      `a gate needs exactly one base; ${given.length} given`,
      'Give one of --base-exec CMD, --base-ref REF and --baseline FILE.',
    );
  }
  if (baseInstall !== null && baseRef === null) {
    fail('BAD_BASE', '--base-install requires --base-ref', 'Remove --base-install, or give --base-ref.');
  }
}

/** Checks everything that can be checked before a base is installed. */
async function compareWithBase(
  cli: Cli,
  name: string,
  { baseExec, baseRef, baseInstall, baseline: file, rounds: asked, quick }: GateOptions,
  flags: Flags,
  head: ArmPlan,
): Promise<CarriedOut> {
  const maxRounds = asked ?? (quick ? QUICK_ROUNDS : FULL_ROUNDS);
  const results = file === null ? null : await readRounds(file, head);
  const rounds = Math.min(maxRounds, results?.length ?? maxRounds);
  const looks = quick ? [{ rounds, alpha: ALPHA }] : planLooks(rounds, ALPHA);
  const baseline = file === null || results === null ? null : { file, results };
  const planWith = (base: ArmPlan, notes: readonly Finding[] = []) =>
    planComparison(
      { command: 'gate', arms: [base, head], factors: [], looks, baseline, notes },
      flags,
      GATE_FORMATS,
    );
  const carryOut = (planned: PlannedComparison) =>
    withComparisonShown(cli, planned, (shown) => carryOutComparison(cli, planned, shown));
  if (file !== null) {
    const plan = results?.[0]?.plan ?? head.plan;
    return carryOut(await planWith({ ...head, name: 'base', spec: file, plan }));
  }
  requireExec(head, baseRef === null ? '--base-exec' : '--base-ref');
  if (baseExec !== null) {
    const base = await planArm(name, { name: 'base', spec: baseExec, flags: { exec: baseExec } }, flags);
    return carryOut(await planWith(base));
  }
  const ref = baseRef ?? 'HEAD';
  requireMovable(head, cli.cwd);
  return await withComparisonShown(cli, await planWith({ ...head, name: 'base' }), async (shown) => {
    const signal = cli.listenForStop();
    const from = { ref, install: baseInstall, repository: cli.cwd };
    const checkout = await checkOutBase({ ...from, signal, onLine: shown.note });
    try {
      const base = { ...head, name: 'base', spec: ref, plan: planIn(checkout.folder, head.plan) };
      return await carryOutComparison(cli, await planWith(base, checkout.notes), shown);
    } finally {
      checkout.remove();
    }
  });
}

/** A server that no command starts is not part of a checkout. */
function requireExec({ plan: { target } }: ArmPlan, flag: string): void {
  if (target.exec !== null) return;
  fail(
    'BASE_WITHOUT_EXEC',
    `${flag} requires --exec, the command that starts your server; --target ${target.name} has none`,
    'Give --exec CMD, and as --target the URL at which it listens.',
  );
}

/** A command that names the checkout would start the head as its own base. */
function requireMovable({ plan: { target } }: ArmPlan, cwd: string): void {
  const top = git(cwd, 'rev-parse', '--show-toplevel');
  const folders = [cwd, ...(top.ok ? [top.text] : [])];
  const named = folders.find((folder) => target.exec?.includes(folder));
  if (named === undefined) return;
  fail(
    'BASE_EXEC_ABSOLUTE',
    `--exec "${target.exec}" names ${named}, so it would start the same server for base and head`,
    'Use a path relative to the working directory, as in --exec "node dist/server.js".',
  );
}

/** Reads the runs of the base from the rounds of an earlier gate. Throws BAD_BASELINE. */
async function readRounds(file: string, head: ArmPlan): Promise<RunResult[]> {
  const results = await readBaseline(file);
  const needed = minRounds(ALPHA, MAX_GATING);
  if (results.length < needed) {
    fail(
      'BAD_BASELINE',
      `${file} holds ${plural(results.length, 'valid round')}; a verdict needs at least ${needed}, which show the spread between rounds`,
      'Give the rounds.json of a gate or compare; the runs of its last arm are the baseline.',
    );
  }
  const scenario = results[0]?.plan.scenario;
  if (scenario === head.plan.scenario) return results;
  return fail(
    'BAD_BASELINE',
    `${file} holds rounds of ${scenario}, not of ${head.plan.scenario}`,
    'Give the rounds.json of the same scenario.',
  );
}

/** Opening a named pipe without a reader would otherwise wait for one. */
const APPEND_AT_ONCE =
  constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0);

/** In a job of GitHub Actions, writes the step summary and the annotations, which are lines of its log. */
async function reportToGithub(cli: Cli, comparison: Comparison): Promise<void> {
  const { GITHUB_ACTIONS: isGithub, GITHUB_STEP_SUMMARY: summary } = cli.env;
  try {
    if (isGithub === 'true') cli.control(renderGithubAnnotations(comparison));
    if (summary === undefined || summary === '') return;
    await appendFile(summary, renderGithubSummary(comparison), { flag: APPEND_AT_ONCE });
  } catch (error) {
    cli.err(`warning: the step summary could not be written: ${messageOf(error)}\n`);
  }
}
