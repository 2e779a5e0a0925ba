import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ARTILLERY, isArtilleryInstalled } from '../scripts/artillery/install.ts';
import { pinned } from '../src/run/affinity.ts';
import { ForeignClient, startProcess } from './client-process.ts';
import { measureListening, type StartClient } from './listening.ts';
import { BENCH_PROTOCOLS, PATHS } from './protocols.ts';
import type { Arm, Workload } from './workload.ts';

/** A load generator of others. */
interface Tool {
  readonly name: string;
  readonly title: string;
  /** Words that print its version; empty when it is not installed. */
  readonly version: readonly string[];
  /** Its command line for connections that only receive. `folder` is for its files. */
  readonly command: (workload: Workload, port: number, folder: string) => readonly string[];
}

/** It is stopped before that. */
const LONGER_MS = 120_000;
const endsAfterMs = ({ warmupMs, measureMs }: Workload) => warmupMs + measureMs + LONGER_MS;

function k6Command(workload: Workload, port: number): readonly string[] {
  const { protocol, connections } = workload;
  const variables = {
    URL: `ws://127.0.0.1:${port}${PATHS[protocol]}`,
    PROTOCOL: protocol,
    USERS: connections,
    DURATION_MS: endsAfterMs(workload),
  };
  const flags = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return ['k6', 'run', '--quiet', ...flags, join(import.meta.dirname, 'clients/k6.js')];
}

/** It answers no ping of Engine.IO, so that a server of Socket.IO closes its connections after 45 s. */
function tcpkaliCommand(workload: Workload, port: number): readonly string[] {
  const { protocol, connections } = workload;
  const enter = protocol === 'socketio' ? ['--first-message', '40'] : [];
  const load = ['--connections', String(connections), '--duration', `${endsAfterMs(workload) / 1000}s`];
  return ['tcpkali', '--ws', ...load, ...enter, `127.0.0.1:${port}${PATHS[protocol]}`];
}

/** Artillery of PATH, or the one that `npm run artillery` has installed. */
function artilleryProgram(): readonly string[] {
  if (spawnSync('artillery', ['--version']).status === 0) return ['artillery'];
  return isArtilleryInstalled() ? [process.execPath, ARTILLERY] : [];
}

function artilleryCommand(workload: Workload, port: number, folder: string): readonly string[] {
  const { protocol, connections } = workload;
  const script = {
    config: {
      target: `${protocol === 'ws' ? 'ws' : 'http'}://127.0.0.1:${port}`,
      phases: [{ duration: 1, arrivalCount: connections }],
      socketio: { transports: ['websocket'] },
    },
    scenarios: [{ engine: protocol, flow: [{ think: endsAfterMs(workload) / 1000 }] }],
  };
  const file = join(folder, 'script.json');
  writeFileSync(file, JSON.stringify(script));
  return [...artilleryProgram(), 'run', '--quiet', file];
}

/** Established connections to a port of this machine, by the table of all TCP sockets, see proc(5). */
function connectionsTo(port: number): number {
  const local = port.toString(16).toUpperCase().padStart(4, '0');
  const established = new RegExp(`^ *\\d+: [0-9A-F]+:${local} [0-9A-F]+:[0-9A-F]+ 01 `, 'gm');
  return readFileSync('/proc/net/tcp', 'utf8').match(established)?.length ?? 0;
}

function toolArm({ name, title, command }: Tool, version: string): Arm {
  const folder = mkdtempSync(join(tmpdir(), 'sockbench-tool-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const start: StartClient = (workload, { port, cpus, published }) => {
    const [file, args] = pinned(cpus, command(workload, port, folder));
    const env = { ARTILLERY_DISABLE_TELEMETRY: '1', K6_NO_USAGE_REPORT: 'true' };
    const group = startProcess([file, ...args], env);
    const { connections } = workload;
    // One of the connections is the publisher's.
    const opened = () => connectionsTo(port) - 1;
    return new ForeignClient(group, connections, opened, () => published() * connections);
  };
  return {
    ...{ name, title, remark: version, kinds: ['broadcast'], protocols: BENCH_PROTOCOLS },
    measure: (workload) => measureListening(start, workload),
  };
}

/** Finds the load generators of others on PATH, with their versions. */
export function findTools() {
  const artillery = artilleryProgram();
  const tools: readonly Tool[] = [
    { name: 'k6', title: 'k6', version: ['k6', 'version'], command: k6Command },
    { name: 'tcpkali', title: 'tcpkali', version: ['tcpkali', '--version'], command: tcpkaliCommand },
    {
      ...{ name: 'artillery', title: 'Artillery', command: artilleryCommand },
      version: artillery.length === 0 ? [] : [...artillery, '--version'],
    },
  ];
  const arms: Arm[] = [];
  const leftOut: Array<readonly [title: string, reason: string]> = [];
  for (const tool of tools) {
    const version = toolVersion(tool);
    if (version === null) leftOut.push([tool.title, 'not on PATH']);
    else arms.push(toolArm(tool, version));
  }
  return { arms, leftOut };
}

/** The first line of a version that is not empty; null when the program is not there. */
function toolVersion({ version: [file, ...args] }: Tool): string | null {
  if (file === undefined || process.platform !== 'linux') return null;
  const { error, stdout } = spawnSync(file, args, { encoding: 'utf8' });
  return error === undefined ? (/\S.*/.exec(stdout)?.[0] ?? 'of an unknown version') : null;
}
