import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { allowedCpus, pinningProblem } from '../../../src/run/affinity.ts';
import type { Running } from '../../support/sockbench.ts';
import type { Arena, AttackCase } from '../attack.ts';

const WORKER = 'generator/process';
const LOAD = ['--clients', '10', '--rate', '50/s', '--warmup', '1s', '--warmup-max', '1s'];

/** The generator process that receives, of two. */
function receiver({ pids }: Arena): number {
  const workers = pids(WORKER).sort((a, b) => a - b);
  assert.equal(workers.length, 2);
  return workers.at(-1) ?? 0;
}

/** Stops a process, and lets it go on so much later. */
async function pause(pid: number, forMs: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await sleep(forMs);
  process.kill(pid, 'SIGCONT');
}

/** Waits for the end of a run with the threshold `lost==0`, which met it and blamed no process. */
async function expectNothingLost({ ended }: Running): Promise<void> {
  const { code, stdout } = await ended;
  assert.notEqual(code, 99);
  assert.doesNotMatch(stdout, /did not answer|IMPERFECT DELIVERY|messages lost/);
}

/** Flags that start a Socket.IO server of a few lines; `onRequest` is run with `id`, `text` and `send`. */
function socketioServer({ file, port, out }: Arena, onRequest: string): string[] {
  const source = `
    import { WebSocketServer } from ${JSON.stringify(import.meta.resolve('ws'))};
    const open = { sid: 'a', upgrades: [], pingInterval: 25000, pingTimeout: 20000, maxPayload: 1e6 };
    const startedMs = Date.now();
    new WebSocketServer({ host: '127.0.0.1', port: ${port} }).on('connection', (socket) => {
      const send = (text) => socket.send(text);
      send('0' + JSON.stringify(open));
      socket.on('message', (data) => {
        const text = String(data);
        if (text.startsWith('40')) return send('40{"sid":"b"}');
        const id = /^42(\\d+)/.exec(text)?.[1];
        if (id === undefined) return;
        ${onRequest}
      });
    });`;
  const command = `"${process.execPath}" "${file('server.mjs', source)}"`;
  const target = ['--target', `http://127.0.0.1:${port}`, '--transport', 'websocket', '--exec', command];
  return ['run', 'ack-roundtrip', ...target, '--drain', '1s', '--out', out];
}

/** Acknowledges a request with what it brought. */
const acknowledge = (id: string) =>
  `send('43' + ${id} + JSON.stringify([JSON.parse(text.slice(2 + id.length))[1]]))`;
const ECHO = acknowledge('id');

/** Generators and coordinators that are held up, stopped or starved, and servers that are not to blame. */
export const generators: readonly AttackCase[] = [
  {
    name: 'SIGSTOP for 300 ms of the generator process that receives',
    expected: 'INVALID: the generator was held up',
    attack: async (arena) => {
      const flags = ['--workers', '2', '--duration', '4s', '--out', arena.out];
      const run = arena.start(['run', 'broadcast-latency', '--target', 'ws', ...LOAD, ...flags]);
      await run.said('measuring');
      await sleep(1500);
      await pause(receiver(arena), 300);
      const { code, stdout } = await run.ended;
      assert.equal(code, 3);
      assert.match(stdout, /INVALID: .*the generator was held up: .* generator 2 /);
    },
  },
  {
    name: 'a neighbour that takes 15 of every 20 ms of the CPU of the generator',
    expected: 'INVALID',
    missing: () => pinningProblem(allowedCpus()),
    attack: async ({ start, out, env, pids }) => {
      const run = start([
        'run',
        'ack-roundtrip',
        '--target',
        'ws',
        ...LOAD,
        '--duration',
        '4s',
        '--out',
        out,
      ]);
      await run.said('measuring');
      const [worker = 0] = pids(WORKER);
      const status = readFileSync(`/proc/${worker}/status`, 'utf8');
      const cpu = /Cpus_allowed_list:\s+(\S+)/.exec(status)?.[1] ?? '0';
      const busy = 'setInterval(() => { const end = Date.now() + 15; while (Date.now() < end); }, 20)';
      const neighbour = spawn('taskset', ['-c', cpu, process.execPath, '-e', busy], { env, stdio: 'ignore' });
      const { code } = await run.ended;
      neighbour.kill('SIGKILL');
      assert.equal(code, 3);
    },
  },
  {
    name: 'SIGSTOP for good of a generator process in the drain',
    expected: 'INVALID, the process named, nothing lost',
    seconds: 40,
    attack: async (arena) => {
      const target = socketioServer(arena, `setTimeout(() => ${ECHO}, 700);`);
      const flags = ['--duration', '2s', '--threshold', 'lost==0', '--drain', '3s'];
      const run = arena.start([...target, ...LOAD, ...flags]);
      await run.said('draining');
      const [worker = 0] = arena.pids(WORKER);
      process.kill(worker, 'SIGSTOP');
      const { code, stdout } = await run.ended;
      assert.equal(code, 3);
      assert.match(stdout, /INVALID: generator process 1 did not answer within 8s/);
      assert.doesNotMatch(stdout, /IMPERFECT DELIVERY|messages lost/);
    },
  },
  {
    name: 'SIGSTOP for 4 s of a generator process in the drain',
    expected: 'nothing lost, no process blamed',
    attack: async (arena) => {
      const target = socketioServer(arena, `setTimeout(() => ${ECHO}, 700);`);
      const run = arena.start([...target, ...LOAD, '--duration', '2s', '--threshold', 'lost==0']);
      await run.said('draining');
      const [worker = 0] = arena.pids(WORKER);
      await pause(worker, 4000);
      await expectNothingLost(run);
    },
  },
  {
    name: 'SIGSTOP for 12 s of the coordinator while it measures, and in the drain',
    expected: 'no process blamed, nothing lost',
    seconds: 90,
    attack: async (arena) => {
      for (const phase of ['measuring', 'draining']) {
        const target = socketioServer(arena, `setTimeout(() => ${ECHO}, 300);`);
        const run = arena.start([...target, ...LOAD, '--duration', '2s', '--threshold', 'lost==0']);
        await run.said(phase);
        await pause(run.pid, 12_000);
        await expectNothingLost(run);
      }
    },
  },
  {
    name: 'acknowledgements of wrong ids; none in the second half of a run',
    expected: 'no SERVER OVERLOADED of an idle server',
    seconds: 60,
    attack: async (arena) => {
      const wrong = [acknowledge('(Number(id) + 1e6)'), `if (Date.now() - startedMs < 3500) ${ECHO};`];
      for (const onRequest of wrong) {
        const { stdout } = await arena.run([
          ...socketioServer(arena, onRequest),
          ...LOAD,
          '--duration',
          '3s',
        ]);
        assert.doesNotMatch(stdout, /OVERLOADED/);
        assert.match(stdout, /lost|none of .* arrived/);
      }
    },
  },
];
