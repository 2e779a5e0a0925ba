import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Comparison, comparisonSchema } from '../../src/result/comparison.ts';
import { gitIn, makeRepository } from '../support/git.ts';
import { faultyCommand, freePort, sockbench, startSockbench, temporaryFolder } from '../support/sockbench.ts';

const SHORTEST = ['--duration', '500ms', '--warmup', '200ms', '--warmup-max', '200ms'];
const LOAD = ['--clients', '10', '--rate', '100/s', ...SHORTEST];

function storedComparison(folder: string): Comparison {
  return comparisonSchema.parse(JSON.parse(readFileSync(join(folder, 'rounds.json'), 'utf8')));
}

/** Flags of a gate over the faulty server; `base` and `head` are its faults, or whole commands. */
async function gateFlags(base: string, head: string, amount = 0): Promise<string[]> {
  const port = await freePort();
  const command = (fault: string) => (fault.includes(' ') ? fault : faultyCommand(port, fault, amount));
  return [
    ...['gate', 'broadcast-latency', '--target', `ws://127.0.0.1:${port}`],
    ...['--base-exec', command(base), '--exec', command(head)],
  ];
}

describe('a gate is INVALID, never OK', () => {
  test.each([
    [
      'the server of the head dies',
      'none',
      'die',
      20,
      /^INVALID: .*head, round 1: the server ended .*exit code 7/,
    ],
    [
      'the base does not start',
      'exit 5',
      'none',
      0,
      /^PARTIAL, INVALID: .*base, round 1: the command "exit 5" ended with exit code 5/,
    ],
  ])('when %s', async (_, base, head, amount, firstLine) => {
    const out = temporaryFolder();
    const flags = [...(await gateFlags(base, head, amount)), ...LOAD, '--out', out];
    const { code, stdout } = await sockbench(...flags);
    expect(stdout.split('\n')[0]).toMatch(firstLine);
    expect(code).toBe(3);
    const { judgement, rounds } = storedComparison(out);
    expect(judgement.verdict).toBe('INVALID');
    expect(rounds).toHaveLength(1);
  });
});

test('a stopped gate keeps its whole rounds, does not pass, and leaves no server behind', async () => {
  const out = temporaryFolder();
  const flags = await gateFlags('none', 'none');
  const running = startSockbench([...flags, ...LOAD, '--inconclusive', 'pass', '--out', out]);
  await running.said(/round 1 of at most \d+: /);
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  expect(code).toBe(4);
  expect(stdout).toMatch(/^PARTIAL, INCONCLUSIVE: /);
  expect(storedComparison(out)).toMatchObject({ status: 'partial', judgement: { verdict: 'INCONCLUSIVE' } });
  // The port is free again for a server of the same command.
  const again = await sockbench(
    ...flags.with(0, 'run').filter((_, at) => at < 4),
    '--exec',
    flags.at(-1) ?? '',
    ...LOAD,
    '--out',
    out,
  );
  expect(again.stderr).not.toContain('already');
});

test('another commit as the base is measured in its own folder, which is removed afterwards', async () => {
  const ws = createRequire(import.meta.url).resolve('ws');
  const server = `
    const { WebSocketServer } = require(${JSON.stringify(ws)});
    const server = new WebSocketServer({ port: Number(process.argv[2]), host: '127.0.0.1' });
    server.on('connection', (socket) => socket.on('message', (raw) => {
      const { event, data, id } = JSON.parse(raw);
      if (event === 'hello') socket.send(JSON.stringify({ event, data, ack: id }));
      if (event === 'send_message') {
        for (const client of server.clients) client.send(JSON.stringify({ event: 'receive_message', data: data.message }));
      }
    }));`;
  const repository = makeRepository({ 'server.cjs': server }, { 'server.cjs': `${server}\n// changed` });
  const port = await freePort();
  const out = temporaryFolder();
  const { code, stdout } = await startSockbench(
    [
      ...[
        'gate',
        'broadcast-latency',
        '--target',
        `ws://127.0.0.1:${port}`,
        '--exec',
        `node server.cjs ${port}`,
      ],
      ...['--base-ref', 'HEAD~1', '--rounds', '2', '--metric', 'lost', ...LOAD, '--out', out],
    ],
    { cwd: repository },
  ).ended;
  const { rounds, design, judgement } = storedComparison(out);
  // Other work on the machine may invalidate a pair of two, nothing else.
  const others = judgement.heads
    .flatMap(({ invalid }) => invalid)
    .filter(({ code }) => code !== 'excluded_pairs');
  expect(others).toEqual([]);
  expect(['OK', 'INVALID']).toContain(judgement.verdict);
  expect(stdout.startsWith(`${judgement.verdict}: `)).toBe(true);
  expect(code).toBe(judgement.verdict === 'OK' ? 0 : 3);
  expect(design.arms.map(({ name, spec }) => [name, spec])).toEqual([
    ['base', 'HEAD~1'],
    ['head', `node server.cjs ${port}`],
  ]);
  for (const { runs } of rounds) {
    const commitOf = (arm: number) => runs.find((run) => run.arm === arm)?.result?.environment.commit;
    expect(commitOf(0)).toBe(gitIn(repository, 'rev-parse', 'HEAD~1'));
    expect(commitOf(1)).toBe(gitIn(repository, 'rev-parse', 'HEAD'));
  }
  expect(gitIn(repository, 'worktree', 'list').split('\n')).toHaveLength(1);
});

test('compare runs and stores several arms, and a difference is not a failure', async () => {
  const out = temporaryFolder();
  const arms = ['--arm', 'ws', '--arm', 'binary: ws --payload-type binary'];
  const { code, stdout, stderr } = await sockbench(
    'compare',
    'broadcast-latency',
    ...arms,
    '--rounds',
    '2',
    ...LOAD,
    '--out',
    out,
    '--format',
    'text,html',
  );
  expect([0, 3, 4]).toContain(code);
  expect(stderr).toContain(
    'warning: ws and binary run under different loads: payload 64 B text vs 64 B binary\n',
  );
  expect(stdout).toMatch(/^(INCONCLUSIVE|INVALID): /);
  // The load of other tests may make a round invalid.
  expect(stdout).toMatch(/^binary vs ws: [0-2] valid pairs?/m);
  const { design, rounds } = storedComparison(out);
  expect(design.arms.map(({ plan }) => [plan.target.name, plan.payloadType])).toEqual([
    ['ws', 'text'],
    ['ws', 'binary'],
  ]);
  for (const { seed, runs } of rounds) {
    expect(runs.map(({ result }) => result?.plan.seed)).toEqual([seed, seed]);
  }
});
