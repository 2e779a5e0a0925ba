import { describe, expect, it } from 'vitest';
import { separatePort, withDashboard } from '../../../src/cli/dashboard/dashboard.ts';
import { DashboardServer, PAGE_EVENTS } from '../../../src/cli/dashboard/server.ts';
import { ProgressFeed } from '../../../src/cli/progress/feed.ts';
import { fail } from '../../../src/errors.ts';
import { RUNS } from '../../../src/report/index.ts';
import type { Unstamped } from '../../../src/result/progress.ts';
import { NsHistogram, type RunSoFar } from '../../../src/result/view.ts';
import { formatNs, formatPercent } from '../../../src/units.ts';
import { results } from '../../report/fixture.ts';
import { FakeCli, runFake } from '../fake-cli.ts';
import { ViewerClient } from './viewer-client.ts';

const BEGINNING: Extract<Unstamped, { type: 'begin' }> = {
  type: 'begin',
  ...{
    version: 1,
    startedAt: '2026-11-29T00:00:00.000Z',
    command: 'run',
    title: 'broadcast over ws',
    arms: [],
  },
  ...{ runs: 1, rounds: null, expectedMs: 12_000, maxMs: 20_000, mayEndEarly: false },
};
const LATENCY = { count: 40, p50Ns: 1e6, p95Ns: 2e6, p99Ns: 3e6, maxNs: 4e6 };
const RUN: Extract<Unstamped, { type: 'run' }> = {
  type: 'run',
  ...{ run: 1, title: 'broadcast over ws', round: null, arm: null, scenario: 'broadcast-latency' },
  ...{ target: 'ws', transport: 'websocket', clients: 4, headline: 'delivery', slowest: 'fanout_last' },
  phases: [],
};
const SECOND: Extract<Unstamped, { type: 'second' }> = {
  type: 'second',
  phase: 'measure',
  ...{ run: 1, phaseMs: 1000, connected: 4 },
  ...{ intended: 10, sent: 9, expected: 36, delivered: 33, lost: 3 },
  ...{ latency: LATENCY, slowest: null, measured: null },
};

const FINAL = results.valid();

/** What charts need of a run, with some intervals of a stored one. */
function soFar(intervals: number): RunSoFar {
  const { headline, telemetry, disconnects, disruptions } = FINAL;
  return {
    result: {
      ...{ headline, telemetry, disconnects, disruptions },
      ...{ timing: { measureMs: 10_000 }, ledger: { lost: 0 } },
      intervals: FINAL.intervals.slice(0, intervals),
    },
    series: new Map(
      Object.entries(FINAL.series).map(([name, { histogram }]) => [name, NsHistogram.decode(histogram)]),
    ),
    samples: FINAL.samples,
  };
}

/** Opens a dashboard, and calls `work` with what a command and its viewers have. */
async function dashboard<Value>(
  work: (parts: {
    readonly feed: ProgressFeed;
    readonly url: string;
    readonly shown: Parameters<Parameters<typeof withDashboard>[3]>[0];
  }) => Promise<Value>,
): Promise<Value> {
  const cli = new FakeCli(['run']);
  const feed = new ProgressFeed(() => 0);
  return await withDashboard(cli, 0, feed, async (shown) => {
    const url = /^dashboard: (http:\S+)\n$/.exec(cli.stderr)?.[1] ?? '';
    return await work({ feed, url, shown });
  });
}

describe('a dashboard', () => {
  it('shows figures, for viewers that come late too', () =>
    dashboard(async ({ feed, url }) => {
      feed.report(BEGINNING);
      feed.report(RUN);
      feed.report({ type: 'phase', run: 1, phase: 'measure', expectedMs: 10_000, maxMs: 10_000 });
      feed.report(SECOND);
      const late = await ViewerClient.open(url);
      const { data } = await late.until(({ slot }) => slot === 'head');
      expect(data).toMatchObject({
        title: 'broadcast over ws',
        status: 'measuring for 10s',
        tiles: [
          { name: 'delivery p50', value: formatNs(1e6) },
          { name: 'delivery p99', value: formatNs(3e6), note: `max ${formatNs(4e6)}` },
          { name: 'sent', value: '9', note: `${formatPercent(0.9)} of intended`, severity: 'warning' },
          { name: 'delivered', value: '33', note: 'of 36', severity: 'none' },
          { name: 'lost', value: '3', note: '', severity: 'bad' },
          { name: 'clients', value: '4', note: 'of 4' },
        ],
      });
    }));

  it('draws charts for viewers only, which get all that was before', () =>
    dashboard(async ({ feed, url, shown }) => {
      let asked = 0;
      feed.report(BEGINNING);
      feed.report(RUN);
      shown.watch(() => {
        asked += 1;
        return soFar(3);
      });
      feed.report(SECOND);
      expect(asked).toBe(0);
      const viewer = await ViewerClient.open(url);
      const { data } = await viewer.until(({ slot }) => slot === 'charts');
      expect(asked).toBe(1);
      expect(data).toMatchObject({ form: 'lines', measureMs: 10_000, runs: [{ label: 'ws' }] });
    }));

  it('ends as the report', () =>
    dashboard(async ({ url, shown }) => {
      const page = await ViewerClient.open(url, '', PAGE_EVENTS);
      const finished = shown.finish({ kind: RUNS, document: [FINAL] });
      await page.until(({ slot }) => slot === 'end');
      expect(await (await fetch(url, { headers: { connection: 'close' } })).text()).toBe(
        RUNS.formats.find(({ name }) => name === 'html')?.render([FINAL]),
      );
      await finished;
    }));

  it('shows why a command failed, and closes', async () => {
    const opened = Promise.withResolvers<ViewerClient>();
    const failed = dashboard(async ({ url }) => {
      opened.resolve(await ViewerClient.open(url, '', PAGE_EVENTS));
      return fail('TARGET_UNREACHABLE', 'no client could connect');
    });
    await expect(failed).rejects.toThrow('no client could connect');
    const page = await opened.promise;
    expect(await page.until(({ slot }) => slot === 'failed')).toMatchObject({
      data: 'no client could connect',
    });
    await page.ended;
  });
});

describe('--dashboard', () => {
  it.each([
    [
      ['run', '--dashboard', 'idle'],
      ['run', '--dashboard=0', 'idle'],
    ],
    [
      ['run', 'idle', '--dashboard'],
      ['run', 'idle', '--dashboard=0'],
    ],
    [
      ['run', 'idle', '--dashboard', '4000'],
      ['run', 'idle', '--dashboard', '4000'],
    ],
    [
      ['run', 'idle', '--dashboard=4000'],
      ['run', 'idle', '--dashboard=4000'],
    ],
  ])('takes a port only where one follows: %j', (given, separated) => {
    expect(separatePort(given)).toEqual(separated);
  });

  it.each(['70000', 'x', '-1', ''])('refuses the port "%s"', async (port) => {
    const { exitCode, stderr } = await runFake('run', 'idle', `--dashboard=${port}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`--dashboard: "${port}" is not a port from 0 to 65535`);
  });

  it.each([
    ['run', 'idle'],
    ['compare', 'idle', '--arm', 'ws', '--arm', 'socketio'],
    ['capacity', 'broadcast-latency', '--objective', 'delivery.p50<50ms'],
  ])('refuses a port that is in use before %s starts anything', async (...words) => {
    const server = await DashboardServer.open({ port: 0, run: 'a', page: '', onViewer() {} });
    const { port } = new URL(server.url);
    const { exitCode, stderr, stdout } = await runFake(...words, `--dashboard=${port}`);
    await server.fail('the test is over');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error: the dashboard cannot listen on port ${port} of 127.0.0.1: it is in use`);
  });
});
