import { spawnSync } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { findProgram, runtimeCommand } from '../../servers/availability.ts';
import type { ReferenceServer } from '../contract/server.ts';
import { SockbenchError } from '../errors.ts';
import type { RuntimePlan } from '../plan/plan.ts';

type Kind = NonNullable<ReferenceServer['runtime']>;

const ANSWERS_WITHIN_MS = 5000;

const NAMES: Readonly<Record<Kind, string>> = { node: 'Node.js', bun: 'Bun' };
/** What each prints for --version: Node.js begins with a v. */
const VERSIONS: Readonly<Record<Kind, RegExp>> = {
  node: /^v(\d+)\.(\d+)\.\d+\S*$/,
  bun: /^(\d+)\.(\d+)\.\d+\S*$/,
};
/** The servers are TypeScript that Node.js runs as it is, and use what came with this version. */
const LEAST_NODE = { major: 22, minor: 18 };

function refuse(problem: string, hint: string): never {
  throw new SockbenchError({ code: 'BAD_RUNTIME', message: problem, hint });
}

/**
 * The program that runs a reference server of this kind, and its version as it tells itself: the one given by path or
 * by a name on PATH, or the usual one when `given` is null. Starts it for that. Throws BAD_RUNTIME for a program that
 * is not there, cannot be executed, does not answer, is of the other kind or too old.
 */
export function planRuntime(kind: Kind, given: string | null, withinMs = ANSWERS_WITHIN_MS): RuntimePlan {
  const [usual = ''] = runtimeCommand(kind);
  if (given === null) {
    const version = kind === 'node' ? process.version : versionOf(kind, usual, usual, withinMs);
    return { program: null, version };
  }
  const program = locate(given);
  return { program, version: versionOf(kind, program, `--runtime ${given}`, withinMs) };
}

function locate(given: string): string {
  if (!/[/\\]/.test(given)) {
    return findProgram(given) ?? refuse(`--runtime ${given} is not on PATH`, 'Give the path of a program.');
  }
  const path = resolve(given);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) refuse(`--runtime ${given}: there is no such file`, 'Give the path of a program.');
  if (!found.isFile() || !isExecutable(path)) {
    refuse(
      `--runtime ${given} is no program that can be executed`,
      'Give the path of Node.js or Bun itself.',
    );
  }
  return path;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** `shown` is how errors name the program. */
function versionOf(kind: Kind, program: string, shown: string, withinMs: number): string {
  const { status, signal, stdout, error } = spawnSync(program, ['--version'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: withinMs,
    killSignal: 'SIGKILL',
  });
  const asked = `${shown} was asked for its --version and`;
  const check = 'Try it by itself.';
  if (error !== undefined && 'code' in error && error.code === 'ETIMEDOUT') {
    refuse(`${asked} did not answer within ${withinMs / 1000} s`, check);
  }
  if (error !== undefined) refuse(`${shown} cannot be started: ${error.message}`, check);
  if (status !== 0) refuse(`${asked} ended with ${signal ?? `exit code ${status}`}`, check);
  return checkVersion(kind, stdout.trim(), asked);
}

function checkVersion(kind: Kind, version: string, asked: string): string {
  const numbers = VERSIONS[kind].exec(version);
  if (numbers === null) {
    const other: Kind = kind === 'node' ? 'bun' : 'node';
    const is = VERSIONS[other].test(version) ? `that is ${NAMES[other]}` : 'that is neither Node.js nor Bun';
    refuse(
      `${asked} said "${version.slice(0, 80)}": ${is}, and this server runs on ${NAMES[kind]}`,
      `Give the path of ${NAMES[kind]}; sockbench list shows what runs each server.`,
    );
  }
  const [major, minor] = numbers.slice(1).map(Number) as [number, number];
  const isOld =
    kind === 'node' && (major < LEAST_NODE.major || (major === LEAST_NODE.major && minor < LEAST_NODE.minor));
  if (!isOld) return version;
  return refuse(
    `${asked} said ${version}; the reference servers need ${LEAST_NODE.major}.${LEAST_NODE.minor} or later`,
    'To measure an older Node.js, start a server of your own on it with --exec.',
  );
}
