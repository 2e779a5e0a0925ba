/**
 * Runs a scenario of Artillery against a reference server that it starts and stops:
 *
 *     npm run artillery                                        lists the scenarios
 *     npm run artillery -- SCENARIO [FLAGS OF ARTILLERY RUN...]
 *
 * Installs Artillery first where it is missing. With --target no server is started. Artillery's report is written into
 * reports/ unless --output names another place. The exit code is Artillery's.
 */
import { mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readFlags } from '../../src/cli/flags.ts';
import { endWithNpm } from '../../src/cli/npm-parent.ts';
import { planReference } from '../../src/cli/reference.ts';
import { resolveServer } from '../../src/cli/resolve.ts';
import { EXIT, SockbenchError } from '../../src/errors.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';
import { SETTING_OPTIONS } from '../../src/plan/settings.ts';
import { allowedCpus, chooseAffinity } from '../../src/run/affinity.ts';
import { startReference } from '../../src/run/server/server-process.ts';
import {
  ARTILLERY_PACKAGE,
  type ArtilleryScenario,
  artilleryScenarios,
  findArtilleryScenario,
} from './catalog.ts';
import { Foreground } from './foreground.ts';
import { ARTILLERY, installArtillery, isArtilleryInstalled } from './install.ts';

/** The flags of `sockbench serve`, with their defaults. */
const SERVER_OPTIONS = { ...SETTING_OPTIONS, allowRemote: PLAN_OPTIONS.allowRemote };
const SERVER_STARTS_WITHIN_MS = 10_000;

function listScenarios(): string {
  const rows = artilleryScenarios();
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}\n`);
  return `npm run artillery -- SCENARIO [FLAGS OF ARTILLERY RUN...]\n\n${lines.join('')}`;
}

const isGiven = (flags: readonly string[], ...names: readonly string[]) =>
  flags.some((flag) => names.some((name) => flag === name || flag.startsWith(`${name}=`)));

/** The file of Artillery's own report, in reports/. */
function reportFile({ name }: ArtilleryScenario): string {
  mkdirSync('reports', { recursive: true });
  const time = new Date().toISOString().replace(/[:.]/g, '-');
  return join('reports', `artillery-${name.replaceAll('/', '-')}-${time}.json`);
}

/** Runs Artillery on a scenario; resolves to its exit code. */
async function runArtillery(
  foreground: Foreground,
  scenario: ArtilleryScenario,
  flags: readonly string[],
): Promise<number> {
  const output = isGiven(flags, '--output', '-o') ? [] : ['--output', reportFile(scenario)];
  const args = [ARTILLERY, 'run', scenario.file, ...output, ...flags];
  // Artillery finds the engine and the plugin of sockbench by their names.
  const paths = [ARTILLERY_PACKAGE, process.env['NODE_PATH']].filter((path) => path !== undefined);
  const env = { ...process.env, ARTILLERY_DISABLE_TELEMETRY: '1', NODE_PATH: paths.join(delimiter) };
  return await foreground.run(process.execPath, args, { stdio: 'inherit', env });
}

/** Runs a scenario against its reference server. A server that ends before Artillery does ends it too. */
async function runWithServer(
  foreground: Foreground,
  scenario: ArtilleryScenario,
  flags: readonly string[],
): Promise<number> {
  const server = await resolveServer(scenario.server);
  let died: string | null = null;
  const running = await startReference(
    server.name,
    planReference(server, readFlags(SERVER_OPTIONS, {}), null),
    { host: '127.0.0.1', port: 0 },
    {
      // Artillery has a worker thread for each CPU but one, and each gets its own.
      cpus: chooseAffinity(Math.max(1, allowedCpus().length - 1), true).affinity.server,
      env: {},
      timeoutMs: SERVER_STARTS_WITHIN_MS,
      signal: foreground.signal,
      onDied: (reason) => {
        died = reason;
        foreground.end();
      },
    },
  );
  try {
    process.stderr.write(`the reference server ${server.name} listens at ${running.url}\n`);
    const code = await runArtillery(foreground, scenario, [...flags, '--target', running.url]);
    if (died === null) return code;
    process.stderr.write(`the server ended with ${died}\n`);
    return EXIT.invalid;
  } finally {
    await running.stop();
  }
}

async function main([name, ...flags]: readonly string[]): Promise<number> {
  if (name === undefined || name.startsWith('-')) {
    process.stdout.write(listScenarios());
    return name === undefined || name === '--help' || name === '-h' ? EXIT.passed : EXIT.usage;
  }
  const scenario = findArtilleryScenario(name);
  const foreground = new Foreground();
  endWithNpm(process.env, foreground.signal);
  if (!isArtilleryInstalled()) await installArtillery(foreground);
  const hasTarget = isGiven(flags, '--target', '-t');
  return await (hasTarget ? runArtillery : runWithServer)(foreground, scenario, flags);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SockbenchError)) throw error;
  process.stderr.write(`${error.message}\n${error.hint === '' ? '' : `${error.hint}\n`}`);
  process.exitCode = error.exitCode;
}
