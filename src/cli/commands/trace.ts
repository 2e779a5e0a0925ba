import { chat } from '../../contract/mapping.ts';
import type { GivenOptions } from '../../contract/options.ts';
import type { Scenario } from '../../contract/scenario.ts';
import { drivers } from '../../drivers/index.ts';
import { EXIT, type ExitCode } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { PLAN_OPTIONS } from '../../plan/options.ts';
import { defaultDriver } from '../../plan/plan.ts';
import { traceScenario } from '../../run/trace/scenario.ts';
import { traceRun } from '../../run/trace/trace.ts';
import type { TraceVerdict } from '../../run/trace/verdict.ts';
import { loadConfig } from '../../user-files/config-file.ts';
import type { AddCommand, Cli } from '../cli.ts';
import { addOptions, addRunOptions, type Flags, readFlags, SOURCE_OPTIONS } from '../flags.ts';
import { addNotes } from '../help-notes.ts';
import { readSource } from '../plan-run.ts';
import { findTarget, resolveScenario } from '../resolve.ts';
import { TracePrinter, wrapped } from '../trace/printer.ts';

/** The load of a trace: one message of each stream within a second, without a warm-up. */
const TRACE_LOAD = {
  clients: '2',
  duration: '1s',
  warmup: '0s',
  warmupMax: '0s',
  drain: '2s',
  workers: '1',
  pin: 'off',
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
  addOptions(command, SOURCE_OPTIONS);
  addRunOptions(command);
  addNotes(command, {
    paragraphs: ['Exit codes: 0 the target measures, 3 it does not, 2 no client could connect or join.'],
    examples: [
      'sockbench trace --target ./sockbench.target.ts',
      "sockbench trace --target http://127.0.0.1:3000 --exec 'node app.js'",
    ],
  });
  command.action(async (name: string | undefined, flags: Flags) => finish(await trace(cli, name, flags)));
};

async function trace(cli: Cli, name: string | undefined, flags: Flags): Promise<ExitCode> {
  const scenario =
    name === undefined ? await describedScenario(flags) : (await resolveScenario(name)).scenario;
  const source = await readSource(name ?? scenario, flags, () => traceLoad(scenario));
  const planned = await source.withinLimit(source.planWith);
  for (const warning of source.warnings) cli.err(`warning: ${warning}\n`);
  const { protocol } = planned.plan.target;
  const wanted = defaultDriver(protocol, planned.plan.transport);
  const driver = drivers.find((each) => each.protocol === protocol && each.name === wanted);
  if (driver === undefined) throw new Error(`there is no driver ${wanted} for ${protocol}`);
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

/** One message of each stream in a second; a scenario of rooms has one room. */
function traceLoad({ name, options, layout }: Scenario): GivenOptions {
  const own = 'rooms' in options ? { rooms: '1' } : {};
  if (name !== 'trace') return { ...TRACE_LOAD, ...own, rate: '1/s' };
  const { length } = layout({ excludeSender: false }, 2, { protocol: 'ws', transport: 'websocket' }).streams;
  return length === 0 ? { ...TRACE_LOAD, duration: OBSERVE_FOR } : { ...TRACE_LOAD, rate: `${length}/s` };
}

function traceVerdictText({ paint }: Cli, { measures, worked, problem, next }: TraceVerdict): string {
  const facts = worked.map((sentence) => `${sentence}.`);
  const text = (line: string) => wrapped(foreign(line, 1000), 80).join('\n');
  if (measures) {
    return `\n${[...facts, paint.out('good', 'This target measures.')].join('\n')}\n`;
  }
  const lines = [...facts, paint.out('bad', 'This target does not measure yet:'), text(`${problem}.`)];
  if (next !== null) lines.push(text(`Next: ${next}`));
  return `\n${lines.join('\n')}\n`;
}
