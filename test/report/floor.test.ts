import { describe, expect, it } from 'vitest';
import { unpainted } from '../../src/colour.ts';
import { calibrationEnding, carriedText } from '../../src/report/content/calibration.ts';
import { floorText } from '../../src/report/content/floor.ts';
import { RUNS } from '../../src/report/index.ts';
import { renderEnding } from '../../src/report/render/ending.ts';
import { type Calibration, setupOf } from '../../src/result/calibration.ts';
import { type RunResult, SCHEMA_VERSION } from '../../src/result/run-result.ts';
import { viewResult } from '../../src/result/view.ts';
import { makeResult } from './fixture.ts';

const FLOOR = {
  workers: 1,
  series: 'delivery',
  clock: 'kernel',
  sockets: 'kernel',
  samples: 1000,
  unit: 'broadcast',
  p50Ns: 80_100,
  p90Ns: 120_000,
  p99Ns: 210_000,
} as const;

const measured = makeResult({ seconds: 20 });
const quantile = (share: number) => viewResult(measured).quantileNs('delivery', share) ?? Number.NaN;
const withFloor = (floor: Partial<NonNullable<RunResult['floor']>>): RunResult => ({
  ...measured,
  floor: { ...FLOOR, calibratedAt: '2026-11-28T10:00:00.000Z', ...floor },
});
const percent = (floorNs: number, share: number) => `${((100 * floorNs) / quantile(share)).toPrecision(3)} %`;

describe('the floor of a run', () => {
  it('stands beside each quantile, with its share of the run, its samples and its day', () => {
    expect(floorText(withFloor({}))).toBe(
      `floor of this machine: p50 80.1 µs (${percent(80_100, 0.5)} of this run), p90 120 µs (${percent(120_000, 0.9)} of this run), p99 210 µs (${percent(210_000, 0.99)} of this run); 1,000 broadcasts, calibrated 2026-11-28`,
    );
  });

  it('leaves out quantiles that the calibration has too few samples for', () => {
    expect(floorText(withFloor({ p99Ns: null, p90Ns: null }))).toMatch(
      /^floor of this machine: p50 [^,]+; 1,000/,
    );
    expect(floorText(withFloor({ p50Ns: null, p99Ns: null, p90Ns: null }))).toBeNull();
  });

  it('leaves out the share where the run has too few samples', () => {
    const short = { ...makeResult({ seconds: 3 }), floor: withFloor({}).floor };
    expect(floorText(short)).toContain(', p99 210 µs; 1,000 broadcasts');
  });

  it.each(['text', 'md', 'html'])('is in the report as %s, and only where there is one', (name) => {
    const format = RUNS.formats.find((each) => each.name === name);
    expect(format?.render([withFloor({})])).toContain('floor of this machine: p50 80.1 µs');
    expect(format?.render([measured])).not.toContain('floor of this machine');
    expect(format?.render([measured, withFloor({})])).toContain(
      'socketio websocket (2): floor of this machine',
    );
  });

  it('changes no figure of the run', () => {
    const render = RUNS.formats.find(({ name }) => name === 'csv')?.render;
    expect(render?.([withFloor({})])).toBe(render?.([measured]));
  });
});

it('a report says why --workers auto chose the number', () => {
  const workersReason = 'the plan has 2,000 deliveries/s, and one worker carried 900/s';
  const chosen = { ...measured, plan: { ...measured.plan, workers: 3, workersReason } };
  const render = RUNS.formats.find(({ name }) => name === 'text')?.render;
  expect(render?.([chosen])).toMatch(
    /^workers +3: the plan has 2,000 deliveries\/s, and one worker carried 900\/s$/m,
  );
  expect(render?.([measured])).not.toMatch(/^workers /m);
});

describe('the end of a calibration', () => {
  const calibration: Calibration = {
    schemaVersion: SCHEMA_VERSION,
    kind: 'calibration',
    tool: { name: 'sockbench', version: '1.0.0' },
    calibratedAt: '2026-11-28T10:00:00.000Z',
    commandLine: [],
    setup: setupOf(measured),
    rateHz: 100,
    floors: [FLOOR, { ...FLOOR, workers: 2, p99Ns: null, samples: 500 }],
    capacity: { deliveriesHz: 84_000.4, limit: 'generator', steps: [] },
  };

  it('has a row for each number of workers, and the capacity of one', () => {
    const place = { columns: 80, paint: unpainted, page: { name: 'stored', path: '/state/a.json' } };
    expect(renderEnding(calibrationEnding(calibration), place)).toMatchInlineSnapshot(`
      "floor of this machine for broadcast-latency at 100/s, 20 clients, official
      driver

      workers  series    p50 µs  p90 µs  p99 µs  samples
            1  delivery    80.1     120     210    1,000
            2  delivery    80.1     120       -      500
      a dash: too few independent samples; p50 needs 6, p90 36, p99 368

      one worker  carries 84,000 deliveries/s; the generator was the limit above that

      CALIBRATED: broadcast-latency at 100/s, 20 clients, official driver
      stored  /state/a.json
      "
    `);
  });

  it.each([
    ['server', 'the null server was the limit above that, so a worker may carry more'],
    ['disturbed', 'runs above that were disturbed, so a worker may carry more'],
    ['none', 'no limit was found, so a worker carries more'],
  ] as const)('says what is known above the capacity: %s', (limit, text) => {
    expect(carriedText({ deliveriesHz: 1000, limit, steps: [] })).toBe(`carries 1,000 deliveries/s; ${text}`);
  });

  it('says that no capacity is known', () => {
    expect(carriedText(null)).toBe('unknown: no load was carried without a disturbance');
  });
});
