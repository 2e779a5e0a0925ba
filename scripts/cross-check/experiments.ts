import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ARTILLERY_PACKAGE } from '../artillery/catalog.ts';
import { type Engine, type LoadScript, loopOf, requestOf, runArtilleryScript } from './artillery.ts';
import { CountingServer, type ServerFault } from './counting-server.ts';
import { type K6Run, k6Version, runK6 } from './k6.ts';
import type { CrossCheck, ToolRun } from './record.ts';
import { scratchFolder } from './scratch-folder.ts';
import { runAckRoundtrip } from './sockbench.ts';

/** The load of each experiment, which the page names. */
export const LOADS = {
  /** 40 x 50/s. Every request is an acknowledged event, or an envelope with an id. */
  workload: { users: 40, thinkMs: 20, rateHz: 2000, durationMs: 8000 },
  closedLoop: { users: 4, thinkMs: 20, rateHz: 200, durationMs: 8000, stallMs: 500, stallAfterMs: 3000 },
  noAck: { users: 5, repetitions: 10, ackDelayMs: 100 },
  responseStep: { users: 5 },
  /** Longer than the 10 s after which Artillery's other steps time out. */
  neverAck: { users: 5, waitMs: 16_000, drainMs: 2000 },
  /** At least one whole period of 10 s begins, ends and is aggregated in it. */
  stalls: { users: 20, durationMs: 26_000 },
  failed: { users: 5 },
  features: { fromHz: 2, toHz: 12, durationMs: 6000 },
} as const;

/** How long Artillery may take beside its load: it starts, and looks every two seconds whether all is done. */
const OVERHEAD_MS = 60_000;

/** Runs something against a fresh server. */
export async function withServer<T>(
  fault: ServerFault,
  run: (server: CountingServer) => Promise<T>,
): Promise<T> {
  const server = await CountingServer.start(fault);
  try {
    return await run(server);
  } finally {
    await server.stop();
  }
}

async function ownRun(fault: ServerFault, run: Parameters<typeof runAckRoundtrip>[0]) {
  return withServer(fault, (server) => runAckRoundtrip(run, server));
}

async function artilleryRun(
  fault: ServerFault,
  run: Parameters<typeof runArtilleryScript>[0],
): Promise<ToolRun> {
  return withServer(fault, (server) => runArtilleryScript(run, server));
}

/** A fraction of a second needs a unit in Artillery 2. The engine socketio-v3 uses Artillery 1, which ignores units. */
const think = (engine: Engine, ms: number) => ({ think: engine === 'socketio-v3' ? ms / 1000 : `${ms}ms` });

function ackWorkload(
  engine: Engine,
  load: { users: number; thinkMs: number; durationMs: number },
): LoadScript {
  const steps = [requestOf(engine), think(engine, load.thinkMs)];
  return loopOf(engine, load.users, steps, load.durationMs / load.thinkMs);
}

/** The same requests with every tool, one after another. */
export async function workload(): Promise<ToolRun[]> {
  const { users: clients, rateHz, durationMs } = LOADS.workload;
  const limitMs = durationMs + OVERHEAD_MS;
  const withSockbench = (protocol: 'socketio' | 'ws') =>
    ownRun({}, { protocol, clients, rateHz, durationMs, drainMs: 2000 });
  const withArtillery = (engine: Engine) =>
    artilleryRun({}, { script: ackWorkload(engine, LOADS.workload), limitMs });
  const withK6 = async (protocol: K6Run['protocol']) => {
    if (k6Version() === null) return [];
    const { users, thinkMs: everyMs } = LOADS.workload;
    return [await withServer({}, (server) => runK6({ protocol, users, everyMs, durationMs }, server))];
  };
  return [
    await withSockbench('socketio'),
    await withArtillery('socketio'),
    await withArtillery('socketio-v3'),
    ...(await withK6('socketio')),
    await withSockbench('ws'),
    await withArtillery('ws'),
    ...(await withK6('ws')),
  ];
}

/** A server that stalls once. The last run has a virtual user for each request, as arrivals allow it. */
export async function closedLoop(): Promise<ToolRun[]> {
  const { users: clients, rateHz, durationMs, stallMs, stallAfterMs } = LOADS.closedLoop;
  const fault = { stallMs, stallAfterMs };
  const limitMs = durationMs + OVERHEAD_MS;
  const arrivals: LoadScript = {
    engine: 'socketio',
    phases: [{ duration: durationMs / 1000, arrivalRate: rateHz / 4 }],
    flow: [requestOf('socketio')],
    config: {},
  };
  return [
    await ownRun(fault, { protocol: 'socketio', clients, rateHz, durationMs, drainMs: 2000 }),
    await artilleryRun(fault, { script: ackWorkload('socketio', LOADS.closedLoop), limitMs }),
    await artilleryRun(fault, { variant: 'one request per user', script: arrivals, limitMs }),
  ];
}

/** An event that the server never answers, and a request that it answers late, in turn. */
export function noAck(): Promise<ToolRun[]> {
  const { users, repetitions, ackDelayMs } = LOADS.noAck;
  const run = (engine: Engine) => {
    const steps = [{ emit: ['note', 'payload'] }, requestOf(engine)];
    return artilleryRun(
      { ackDelayMs },
      { script: loopOf(engine, users, steps, repetitions), limitMs: OVERHEAD_MS },
    );
  };
  return Promise.all([run('socketio'), run('socketio-v3')]);
}

/** The server answers with an event at once. */
export function responseStep(): Promise<ToolRun[]> {
  const { users } = LOADS.responseStep;
  const run = (engine: Engine, variant: string, response: Readonly<Record<string, string>>) => {
    const steps = [{ emit: ['ask', 'payload'], response: { on: 'answer', ...response } }];
    return artilleryRun({}, { variant, script: loopOf(engine, users, steps, 1), limitMs: OVERHEAD_MS });
  };
  return Promise.all([
    run('socketio', 'without data', {}),
    run('socketio', 'with data', { data: 'payload' }),
    run('socketio-v3', 'without data', {}),
  ]);
}

export async function neverAck(): Promise<ToolRun[]> {
  const { users, waitMs, drainMs } = LOADS.neverAck;
  const run = (engine: Engine) => {
    const script = loopOf(engine, users, [requestOf(engine)], 1);
    const limits = { limitMs: waitMs + OVERHEAD_MS, limitAfterRequestMs: waitMs };
    return artilleryRun({ neverAck: true }, { script, ...limits });
  };
  const load = { protocol: 'socketio', clients: users, rateHz: users, durationMs: 1000, drainMs } as const;
  const own = ownRun({ neverAck: true }, load);
  return Promise.all([own, run('socketio'), run('socketio-v3'), run('ws')]);
}

const loopLine = z.union([z.object({ maxMs: z.number() }), z.object({ aggregateMs: z.number() })]);

/** As many requests as the sending thread manages, while it measures itself. */
export async function stalls(): Promise<{ runs: ToolRun[]; thread: CrossCheck['thread'] }> {
  const { users, durationMs } = LOADS.stalls;
  const folder = scratchFolder();
  const file = join(folder.path, 'loop.jsonl');
  const script: LoadScript = {
    ...loopOf('socketio', users, [], 1),
    flow: [{ loop: [requestOf('socketio')], whileTrue: 'untilEnd' }],
    config: { processor: join(import.meta.dirname, 'loop-delay.js') },
  };
  const theirs = await artilleryRun(
    {},
    {
      script,
      env: { CROSS_CHECK_LOOP: file, CROSS_CHECK_SECONDS: String(durationMs / 1000) },
      limitMs: durationMs + OVERHEAD_MS,
    },
  );
  const text = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  folder.remove();
  const lines = text === '' ? [] : text.split('\n').map((line) => loopLine.parse(JSON.parse(line)));
  return {
    runs: [theirs],
    thread: {
      delaysMs: lines.flatMap((line) => ('maxMs' in line ? [line.maxMs] : [])),
      aggregationsMs: lines.flatMap((line) => ('aggregateMs' in line ? [line.aggregateMs] : [])),
    },
  };
}

/** Every virtual user fails: the server refuses each client. */
export async function allFailed(): Promise<ToolRun[]> {
  const { users } = LOADS.failed;
  const run = (engine: Engine, variant: string, config: LoadScript['config']) =>
    withServer({ refuse: true }, (server) => {
      const script = { ...loopOf(engine, users, [requestOf(engine)], 1), config };
      const elsewhere = engine === 'ws' ? { target: server.wsUrl.replace('/ws', '/nowhere') } : {};
      return runArtilleryScript({ variant, script, ...elsewhere, limitMs: OVERHEAD_MS }, server);
    });
  const load = {
    protocol: 'socketio',
    clients: users,
    rateHz: users,
    durationMs: 1000,
    drainMs: 1000,
  } as const;
  const own = ownRun({ refuse: true }, load);
  const ensure = { plugins: { ensure: {} }, ensure: { maxErrorRate: 1 } };
  return Promise.all([
    own,
    run('socketio', '', {}),
    run('socketio-v3', '', {}),
    run('ws', '', {}),
    run('socketio', 'with ensure', ensure),
  ]);
}

/** What Artillery does well: a ramp of arrivals, a payload file, a plugin that sees every period, a passing check. */
export async function features(): Promise<{ runs: ToolRun[]; plugin: CrossCheck['plugin'] }> {
  const { fromHz, toHz, durationMs } = LOADS.features;
  const folder = scratchFolder();
  const file = join(folder.path, 'sketches.json');
  const script: LoadScript = {
    engine: 'socketio',
    phases: [{ duration: durationMs / 1000, arrivalRate: fromHz, rampTo: toHz }],
    flow: [{ emit: ['note', '{{ name }}'] }, requestOf('socketio')],
    config: {
      payload: { path: join(ARTILLERY_PACKAGE, 'users.csv'), fields: ['name', 'room'], skipHeader: true },
      plugins: { sketches: {}, ensure: {} },
      ensure: { maxErrorRate: 1 },
    },
  };
  const env = {
    ARTILLERY_PLUGIN_PATH: join(import.meta.dirname, 'plugins'),
    CROSS_CHECK_SKETCHES: file,
  };
  const run = await artilleryRun({}, { script, env, limitMs: durationMs + OVERHEAD_MS });
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '{"periods":0,"sketches":0}';
  folder.remove();
  const plugin = z.object({ periods: z.number().int(), sketches: z.number().int() }).parse(JSON.parse(text));
  return { runs: [run], plugin };
}
