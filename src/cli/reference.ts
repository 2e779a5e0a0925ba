import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { findProgram, runtimeCommand, whyUnavailable } from '../../servers/availability.ts';
import { requireAllowedHost } from '../contract/address.ts';
import type { OptionValues } from '../contract/options.ts';
import type { ReferenceServer } from '../contract/server.ts';
import { fail } from '../errors.ts';
import type { ReferencePlan } from '../plan/plan.ts';
import type { SETTING_OPTIONS } from '../plan/settings.ts';

type Runtime = ReferencePlan['runtime'];

const ANSWERS_WITHIN_MS = 5000;

/** The name of each runtime, and the output of its --version, which begins with a v for Node.js. */
const RUNTIMES = {
  node: { name: 'Node.js', version: /^v(\d+)\.(\d+)\.\d+\S*$/ },
  bun: { name: 'Bun', version: /^(\d+)\.(\d+)\.\d+\S*$/ },
} as const satisfies Readonly<Record<Runtime, unknown>>;
/** The reference servers are TypeScript, which Node.js runs without a loader from this version on. */
const MIN_NODE = { major: 22, minor: 18 };

/**
 * Plans how a reference server is run; `program` is the value of --runtime. Throws SERVER_UNAVAILABLE and BAD_RUNTIME
 * when it cannot run, and REMOTE_TARGET for a Redis on another machine.
 */
export function planReference(
  server: ReferenceServer,
  asked: OptionValues<typeof SETTING_OPTIONS> & { readonly allowRemote: string | null },
  program: string | null,
): ReferencePlan {
  const { runtime = 'node', namespace, hasNodes = false } = server;
  if (asked.redis !== null) requireAllowedHost(new URL(asked.redis), asked.allowRemote);
  const settings = {
    namespace: asked.namespace ?? namespace ?? null,
    compression: asked.compression === 'on',
    parser: asked.parser,
    recovery: asked.recovery === 'on',
    recoveryWindow: asked.recoveryWindow,
    processes: server.settings.includes('processes') ? asked.processes : null,
    redis: asked.redis,
    redisAdapter: asked.redisAdapter,
  };
  const reason = whyUnavailable(server, settings, program);
  if (reason !== null) {
    fail(
      'SERVER_UNAVAILABLE',
      `the server "${server.name}" cannot run here: ${reason}`,
      'sockbench list shows which servers can.',
    );
  }
  return { runtime, ...planRuntime(runtime, program), settings, hasNodes };
}

/**
 * Finds the program that runs a reference server, given by path or by a name on PATH, and asks it for its version. Null
 * takes the usual program. Throws BAD_RUNTIME for a program that does not exist, cannot be executed, does not answer, is
 * another runtime, or is too old.
 */
export function planRuntime(
  kind: Runtime,
  given: string | null,
  withinMs = ANSWERS_WITHIN_MS,
): Pick<ReferencePlan, 'program' | 'version'> {
  const [usual = ''] = runtimeCommand(kind);
  if (given === null) {
    const version = kind === 'node' ? process.version : versionOf(kind, usual, usual, withinMs);
    return { program: null, version };
  }
  const program = /[/\\]/.test(given)
    ? resolve(given)
    : (findProgram(given) ?? badRuntime(`--runtime ${given} is not on PATH`, 'Give the path of a program.'));
  return { program, version: versionOf(kind, program, `--runtime ${given}`, withinMs) };
}

/** Runs a program with --version and checks its output; `shown` is how errors name the program. */
function versionOf(kind: Runtime, program: string, shown: string, withinMs: number): string {
  const { status, signal, stdout, error } = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: withinMs,
    killSignal: 'SIGKILL',
  });
  if (error !== undefined) {
    const problems = new Map([
      ['ENOENT', 'does not exist'],
      ['EACCES', 'is not an executable program'],
      ['ETIMEDOUT', `did not print its version within ${withinMs / 1000} s`],
    ]);
    const problem = problems.get((error as NodeJS.ErrnoException).code ?? '') ?? `failed: ${error.message}`;
    badRuntime(`${shown} ${problem}`, 'Give the path of the Node.js or Bun program.');
  }
  if (status !== 0) {
    const ending = signal ?? `exit code ${status}`;
    badRuntime(`${shown} --version ended with ${ending}`, 'Run the program with --version to see why.');
  }
  return checkVersion(kind, stdout.trim(), `${shown} --version`);
}

function checkVersion(kind: Runtime, version: string, asked: string): string {
  const expected = RUNTIMES[kind];
  const found = Object.values(RUNTIMES).find((runtime) => runtime.version.test(version));
  if (found !== expected) {
    const is = found?.name ?? 'neither Node.js nor Bun';
    badRuntime(
      `${asked} printed "${version.slice(0, 80)}": it is ${is}, but this server runs on ${expected.name}`,
      `Give the path of ${expected.name}; sockbench list shows what runs each server.`,
    );
  }
  const [, major, minor] = expected.version.exec(version) ?? [];
  const isOld =
    Number(major) < MIN_NODE.major || (Number(major) === MIN_NODE.major && Number(minor) < MIN_NODE.minor);
  if (kind === 'bun' || !isOld) return version;
  return badRuntime(
    `${asked} printed ${version}; the reference servers need ${MIN_NODE.major}.${MIN_NODE.minor} or later`,
    'To measure an older Node.js, start your own server on it with --exec.',
  );
}

function badRuntime(problem: string, hint: string): never {
  return fail('BAD_RUNTIME', problem, hint);
}
