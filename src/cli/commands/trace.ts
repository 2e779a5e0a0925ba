import { chat } from '../../contract/mapping.ts';
import { flagOf, type GivenOptions, type OptionTable } from '../../contract/options.ts';
import type { Scenario } from '../../contract/scenario.ts';
import { drivers } from '../../drivers/index.ts';
import { EXIT, type ExitCode, fail } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { PLAN_OPTIONS } from '../../plan/options.ts';
import { defaultDriver, type PlannedRun } from '../../plan/plan.ts';
import { traceScenario } from '../../run/trace/scenario.ts';
import { traceRun } from '../../run/trace/trace.ts';
import type { TraceVerdict } from '../../run/trace/verdict.ts';
import { loadConfig } from '../../user-files/config-file.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addOptions, addRunOptions, type Flags, readFlags, SOURCE_OPTIONS } from '../flags.ts';
import { addNotes } from '../help-notes.ts';
import { type PlanSource, readSource } from '../plan-run.ts';
import { findTarget, resolveScenario } from '../resolve.ts';
import { TracePrinter, wrapped } from '../trace/printer.ts';

/** The load of a trace: one message of each stream within a second. */
const TRACE_LOAD = { clients: '2', duration: '1s', drain: '2s', arrival: 'constant' } as const;
/** Options of a run that a trace decides by itself, and refuses. */
const FIXED = { warmup: '0s', warmupMax: '0s', workers: '1', pin: 'off', profile: 'false' } as const;
/** Options of a run that have no meaning in a trace, which has one process and its own client. */
const REFUSED_OPTIONS: readonly string[] = [
  ...Object.keys(FIXED),
  'driver',
  'sockets',
  'lateAfter',
  'population',
  'network',
  'networkVia',
  'disrupt',
  'reconnect',
];
/** Those whose default differs from that of a run. */
const TRACE_OPTIONS: OptionTable = {
  ...withDefault('clients', TRACE_LOAD.clients),
  ...withDefault('rate', 'one message of each stream'),
  ...withDefault('duration', TRACE_LOAD.duration),
  ...withDefault('drain', TRACE_LOAD.drain),
};
/** How long pushes of the server are awaited. */
const OBSERVE_FOR = '3s';

export const addTrace: AddCommand = (program, cli, finish) => {
  const command = program
    .command('trace')
    .description('show every frame of two clients, how the target reads it, and what the target lacks')
    .argument(
      '[scenario]',
      'a scenario, or a file (default: one message of each kind that the target describes)',
    );
  addOptions(command, { ...TRACE_OPTIONS, ...SOURCE_OPTIONS });
  addRunOptions(command);
  for (const flag of command.options) if (REFUSED_OPTIONS.includes(flag.attributeName())) flag.hideHelp();
  addNotes(command, {
    paragraphs: ['Exit codes: 0 the target measures, 3 it does not, 2 no client could connect or join.'],
    examples: [
      'sockbench trace --target ./sockbench.target.ts',
      "sockbench trace --target http://127.0.0.1:3000 --exec 'node app.js'",
    ],
  });
  command.action(async (name: string | undefined, flags: Flags) => finish(await trace(cli, name, flags)));
};

function withDefault(name: keyof typeof PLAN_OPTIONS, shown: string): OptionTable {
  return { [name]: { ...PLAN_OPTIONS[name], default: shown } };
}

async function trace(cli: Cli, name: string | undefined, flags: Flags): Promise<ExitCode> {
  requireTraceable(flags);
  const found =
    name === undefined
      ? { scenario: await describedScenario(flags), file: null }
      : await resolveScenario(name);
  // Its disruptions would lie after the time of a trace.
  const { disrupt: _, ...scenario } = found.scenario;
  const source = await readSource({ ...found, scenario }, flags, () => traceLoad(scenario));
  const planned = await source.withinLimit(() => planTrace(source, flags));
  for (const warning of source.warnings) cli.err(`warning: ${warning}\n`);
  const { protocol } = planned.plan.target;
  const wanted = defaultDriver(protocol, planned.plan.transport);
  const driver = drivers.find((each) => each.protocol === protocol && each.name === wanted);
  if (driver === undefined) throw new Error(`there is no driver ${wanted} for ${protocol}`);
  await driver.load?.();
  const printer = new TracePrinter(cli.out, cli.paint.out, startedAt());
  const signal = cli.listenForStop();
  try {
    const verdict = await traceRun(planned, { driver, signal, sink: printer, commandLine: cli.argv });
    printer.end();
    cli.out(traceVerdictText(cli, verdict));
    return verdict.measures ? EXIT.passed : EXIT.invalid;
  } catch (error) {
    printer.end();
    throw error;
  }
}

/** The milliseconds since now. */
function startedAt(): () => number {
  const startMs = performance.now();
  return () => performance.now() - startMs;
}

/** One message of each kind that the target describes. */
async function describedScenario(flags: Flags): Promise<Scenario> {
  const { config: file, target } = readFlags({ ...SOURCE_OPTIONS, target: PLAN_OPTIONS.target }, flags);
  const { given } = await loadConfig(file);
  const asked = flags['target'] === undefined ? (given['target'] ?? target) : target;
  const found = await findTarget(asked);
  if (found.kind === 'file') return traceScenario(found.definition);
  // A server without a target file may have no rooms.
  const { publish, delivery, request } = chat;
  return traceScenario({ publish, delivery, request });
}

/** The load of a scenario; one of rooms has one room. */
function traceLoad({ name, options }: Scenario): GivenOptions {
  return { ...TRACE_LOAD, ...FIXED, ...(name !== 'trace' && 'rooms' in options ? { rooms: '1' } : {}) };
}

/** Plans one message of each stream in a second, unless a rate is given. */
function planTrace({ planWith }: PlanSource, flags: Flags): PlannedRun {
  const planned = planWith({ ...(flags['rate'] === undefined ? { rate: '1/s' } : {}) });
  const { length } = planned.layout.streams;
  if (length === 0 && flags['duration'] === undefined) return planWith({ duration: OBSERVE_FOR });
  return length > 1 && flags['rate'] === undefined ? planWith({ rate: `${length}/s` }) : planned;
}

/** Throws FOREIGN_OPTION for an option that a trace decides by itself. */
function requireTraceable(flags: Flags): void {
  const refused = REFUSED_OPTIONS.find((name) => flags[name] !== undefined);
  if (refused === undefined) return;
  fail(
    'FOREIGN_OPTION',
    `${flagOf(refused)} is not an option of trace, which has one process and no warm-up`,
    'sockbench trace --help-all lists its options.',
  );
}

function traceVerdictText({ paint }: Cli, { measures, worked, problem, next }: TraceVerdict): string {
  const text = (line: string) => wrapped(foreign(line, 1000), 80).join('\n');
  const facts = worked.map((sentence) => text(`${sentence}.`));
  const lines = measures
    ? [...facts, paint.out('good', 'This target measures.')]
    : [...facts, paint.out('bad', 'This target does not measure yet:'), text(`${problem}.`)];
  if (next !== null) lines.push(text(`Next: ${next}`));
  return `\n${lines.join('\n')}\n`;
}
