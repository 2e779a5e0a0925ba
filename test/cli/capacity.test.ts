import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planSearch } from '../../src/cli/capacity-plan.ts';
import type { Flags } from '../../src/cli/flags.ts';
import { makeCapacity } from '../report/capacity-fixture.ts';
import { runFake } from './fake-cli.ts';

const planned = (flags: Flags) =>
  planSearch('ack-roundtrip', { target: 'ws', objective: ['ack.p95<50ms'], ...flags });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sockbench-capacity-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('help of capacity', () => {
  it('lists the flags of the search before those of every run', async () => {
    const { exitCode, stdout } = await runFake('capacity', '--help-all');
    expect(exitCode).toBe(0);
    const options = [...stdout.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, flag]) => flag);
    expect(options.slice(0, 9)).toEqual([
      '--objective',
      '--vary',
      '--from',
      '--to',
      '--lost',
      '--repeats',
      '--longest-step',
      '--option',
      '--clients',
    ]);
    expect(stdout).not.toContain('--threshold');
  });
});

describe('an invalid search', () => {
  it.each<[args: readonly string[], stderr: string]>([
    [
      [],
      "error: a search for capacity needs an objective: a condition that the server must meet\nGive --objective 'fanout_last.p95<50ms', or 'ack.p95<50ms' for requests.\n",
    ],
    [
      ['--threshold', 'ack.p95<50ms'],
      `error: --threshold "ack.p95<50ms": a search judges objectives, not thresholds\nGive --objective 'ack.p95<50ms'.\n`,
    ],
    [
      ['--rate', '100/s', '--objective', 'ack.p95<50ms'],
      'error: --rate 100/s is the parameter to search\nGive --from and --to instead, or search another parameter with --vary clients.\n',
    ],
    [
      ['--vary', 'clients', '--clients', '5', '--objective', 'ack.p95<50ms'],
      'error: --clients 5 is the parameter to search\nGive --from and --to instead, or search another parameter with --vary rate.\n',
    ],
    [
      ['--vary', 'payload', '--objective', 'ack.p95<50ms'],
      'error: --vary: "payload" is not one of rate, clients\nChoose rate or clients.\n',
    ],
    [
      ['--from', '100', '--objective', 'ack.p95<50ms'],
      'error: --from: "100" has no unit; a rate is a number and one of the units /s, /m, /h\nWrite it like 100/s.\n',
    ],
    [
      ['--from', '200/s', '--to', '100/s', '--objective', 'ack.p95<50ms'],
      'error: --from 200 is above --to 100\nGive --from a lower value than --to.\n',
    ],
    [
      ['--repeats', '0', '--objective', 'ack.p95<50ms'],
      'error: --repeats: "0" is not a whole number from 1 to 100\nGive a number without a unit.\n',
    ],
    [
      ['--lost', 'few', '--objective', 'ack.p95<50ms'],
      'error: --lost: "few" is neither a whole number nor a percentage\nWrite 5 or 0.1%.\n',
    ],
    [
      ['--objective', 'delivery.p95<50ms'],
      'error: --objective "delivery.p95<50ms": this run will not record "delivery", but connect, receive_uncertainty, send_lag, ack, ack_actual\nUse one of them.\n',
    ],
    [
      ['--vary', 'clients', '--rate', '5s@10/s,5s@20/s', '--objective', 'ack.p95<50ms'],
      'error: a search for capacity needs a constant rate, not a profile\nGive --rate 100/s.\n',
    ],
    [
      ['--from', '1/s', '--objective', 'ack.p99<50ms'],
      'error: at 1/s, ack.p99 needs 1,000 independent samples, which takes 1000s; the maximum is 300s\nGive a higher --from, or a lower quantile, or a longer --longest-step.\n',
    ],
    [
      ['--vary', 'clients', '--from', '10', '--objective', 'connect.p95<50ms'],
      'error: at 10 clients, connect.p95 needs 200 independent samples, which a longer run does not record\nGive a higher --from, or a lower quantile.\n',
    ],
  ])('%j is explained before anything starts', async (args, stderr) => {
    const given = await runFake('capacity', 'ack-roundtrip', '--target', 'ws', ...args);
    expect(given).toEqual({ exitCode: 2, stdout: '', stderr });
  });

  it('a scenario that only listens has no rate', async () => {
    const target = join(folder, 'sockbench.target.ts');
    await writeFile(
      target,
      "export default { url: 'ws://127.0.0.1:1', observe: { event: 'tick', key: (data) => data.n } };",
    );
    const args = ['observe', '--target', target, '--objective', 'push_skew.p95<50ms'];
    const { exitCode, stderr } = await runFake('capacity', ...args);
    expect([exitCode, stderr]).toEqual([
      2,
      'error: observe sends no messages, so it has no rate\nGive --vary clients.\n',
    ]);
  });
});

describe('the plan of a search', () => {
  it('extends a run until the quantile has its samples, and only then', async () => {
    const search = await planned({ clients: '5', objective: ['ack.p99<50ms'], from: '50/s' });
    const [{ plan: slow }, { plan: fast }] = [await search.planAt(50), await search.planAt(200)];
    // 1,000 samples at 50/s take 20 s; the 10 s of every run bring 2,000 at 200/s.
    expect([slow.durationMs, fast.durationMs]).toEqual([20_000, 10_000]);
    expect(slow.profile).toEqual([{ durationMs: 20_000, fromHz: 50, toHz: 50 }]);
    expect(search.warnings).toEqual([
      'the first runs take 20s instead of 10s: ack.p99 needs 1,000 independent samples',
    ]);
  });

  it('allows for random arrivals, which may be fewer', async () => {
    const search = await planned({
      clients: '5',
      objective: ['ack.p99<50ms'],
      from: '50/s',
      arrival: 'poisson',
    });
    expect((await search.planAt(50)).plan.durationMs).toBe(25_000);
  });

  it('varies the clients when they are the parameter to search', async () => {
    const search = await planned({ vary: 'clients', from: '20', to: '80' });
    expect((await search.planAt(40)).plan.clients).toBe(40);
    expect((await search.planAt(40)).layout.rooms).toHaveLength(40);
    expect(search.design).toEqual({ vary: 'clients', from: 20, to: 80, repeats: 5, mustPass: 4 });
  });

  it('states its maximum time', async () => {
    const search = await planned({ clients: '5', from: '100/s', to: '100/s', repeats: '1' });
    // 5 clients connect in 10 ms; then at most 10 s of warm-up, 10 s, 5 s of drain, and 3 s around it.
    expect(search.maxMs).toBe(search.maxSteps * 28_010);
  });
});

describe('report', () => {
  it('renders a stored search again, and only alone', async () => {
    const path = join(folder, 'search.json');
    const found = makeCapacity({ capacity: 50 });
    await writeFile(path, JSON.stringify(found));
    const shown = await runFake('report', path);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toMatch(/\n\nbelow start: ws does not sustain 100\/s[^\n]*\n$/);
    expect(await runFake('report', path, path)).toMatchObject({ exitCode: 2 });
    const { stderr } = await runFake('report', path, '--format', 'html', '--out', folder);
    const written = join(folder, 'capacity-ack-roundtrip-ws-websocket-20260304-050607-891.html');
    expect(stderr).toBe(`wrote ${written}\n`);
    expect(await readFile(written, 'utf8')).toContain('Every run');
  });
});
