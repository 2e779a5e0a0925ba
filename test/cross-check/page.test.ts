import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LOADS } from '../../scripts/cross-check/experiments.ts';
import { claimsOf, crossCheckPage } from '../../scripts/cross-check/page.ts';
import { type CrossCheck, crossCheckSchema } from '../../scripts/cross-check/record.ts';
import { latency, madeCheck, madeRun } from './made-check.ts';

type Experiment = keyof CrossCheck['experiments'];

const DOCS = join(import.meta.dirname, '../../docs');

/** Replaces the runs of one experiment by what it makes of each of them. */
function withRuns(
  experiment: Experiment,
  change: (run: CrossCheck['experiments'][Experiment][number]) => Partial<Parameters<typeof madeRun>[0]>,
): CrossCheck {
  const check = madeCheck();
  const runs = check.experiments[experiment].map((run) => madeRun({ ...run, ...change(run) }));
  return { ...check, experiments: { ...check.experiments, [experiment]: runs } };
}

/** The page without its line breaks. */
const flat = (check: CrossCheck) => crossCheckPage(check).replaceAll(/\s+/g, ' ');
const outcomes = (check: CrossCheck) => claimsOf(check).map(({ outcome }) => outcome);
/** The text of the claim at a place, from 1. */
const textOf = (check: CrossCheck, place: number) => claimsOf(check)[place - 1]?.parts.join('\n') ?? '';

describe('claims', () => {
  it('that hold in the figures are seen', () => {
    expect(outcomes(madeCheck())).toEqual(Array(8).fill('seen'));
  });

  it.each<[place: number, experiment: Experiment, change: Parameters<typeof withRuns>[1], says: RegExp]>([
    [1, 'closedLoop', () => ({ report: { latency: latency(1600, 1, 410, 500) } }), /did not differ/],
    [
      2,
      'workload',
      () => ({ report: { latency: latency(100, 1, 2), metrics: ['ws.response_time'] } }),
      /reports ws/,
    ],
    [3, 'noAck', () => ({ report: { latency: latency(50, 101, 120) } }), /as many values/],
    [4, 'responseStep', () => ({ report: { latency: latency(5, 2, 3) } }), /response time was 2 ms/],
    [5, 'neverAck', () => ({ usage: { stopped: false }, report: {} }), /ended by itself/],
    [
      6,
      'stalls',
      () => ({ report: { distributionFields: ['p99', 'sketch'] } }),
      /has the fields `p99` and `sketch`\./,
    ],
    [8, 'failed', () => ({ usage: { exitCode: 1 } }), /No engine ended with exit code 0/],
  ])(
    'number %d is not seen when its figures differ, and its text says so',
    (place, experiment, change, says) => {
      const check = withRuns(experiment, change);
      const expected = outcomes(madeCheck()).with(place - 1, 'not seen');
      expect(outcomes(check)).toEqual(expected);
      expect(textOf(check, place)).toMatch(says);
      expect(textOf(check, place)).not.toEqual(textOf(madeCheck(), place));
    },
  );

  it('number 7 is not seen when no aggregation took long', () => {
    const check = { ...madeCheck(), thread: { ...madeCheck().thread, aggregationsMs: [12, 31] } };
    expect(outcomes(check)).toEqual(outcomes(madeCheck()).with(6, 'not seen'));
    expect(textOf(check, 7)).toMatch(/The longest aggregation took 31 ms: less than the 100 ms/);
  });

  it('are not measured without the reports that they need', () => {
    const check = madeCheck();
    const experiments = Object.fromEntries(Object.keys(check.experiments).map((name) => [name, []]));
    const empty = crossCheckSchema.parse({ ...check, experiments });
    expect(outcomes(empty)).toEqual(Array(8).fill('unknown'));
    expect(flat(empty)).toContain('| Acks without timeout | not measured |');
  });

  it('name what speaks for Artillery', () => {
    const check = madeCheck();
    expect(textOf(check, 1)).toMatch(/`vusers.session_length` has a p99 of 450 ms/);
    expect(textOf(check, 4)).toMatch(/With `data` it is 2 ms. socketio-v3 does not have this fault/);
    expect(textOf(check, 5)).toMatch(/The ws engine has a timeout of 10 s/);
    expect(textOf(check, 6)).toMatch(/a plugin of this cross-check saw 4 of them in 2 periods/);
    expect(textOf(check, 8)).toMatch(/the exit code is 1, so that a CI job can fail/);
  });
});

describe('the page', () => {
  it('names a tool whose count is not that of the server', () => {
    const page = flat(
      withRuns('workload', ({ tool }) => (tool === 'Artillery ws' ? { server: { requests: 90 } } : {})),
    );
    expect(page).toContain('Artillery ws (100 reported, 90 counted)');
    expect(flat(madeCheck())).toContain('Every report has as many requests as the server counted.');
  });

  it('says that sockbench marked its own result as invalid', () => {
    const page = flat(
      withRuns('workload', ({ tool, usage }) =>
        tool === 'sockbench ws'
          ? {
              usage: { ...usage, exitCode: 3 },
              report: { latency: latency(100, 1, 2), errors: { send_lag: 1 } },
            }
          : {},
      ),
    );
    expect(page).toContain('sockbench marked its own result as INVALID: sockbench ws (send_lag)');
    expect(flat(madeCheck())).not.toContain('INVALID');
  });

  it('names the part of the CPU time that pacing used', () => {
    expect(flat(madeCheck())).toContain('next request 10 % of the time');
    const withoutGenerator = withRuns('workload', ({ report }) => ({
      report: { ...report, generator: null },
    }));
    expect(flat(withoutGenerator)).not.toContain('pacing');
  });

  it('says whether k6 was run', () => {
    expect(flat(madeCheck())).toContain('k6 was not run');
    expect(flat({ ...madeCheck(), k6: 'k6 v2.3.0' })).toContain('k6 is k6 v2.3.0');
  });

  it('in docs/ is made of the figures in docs/, which were measured with the loads of the script', () => {
    const figures = crossCheckSchema.parse(JSON.parse(readFileSync(join(DOCS, 'cross-check.json'), 'utf8')));
    expect(figures.loads).toEqual(LOADS);
    expect(readFileSync(join(DOCS, 'cross-check.md'), 'utf8')).toBe(crossCheckPage(figures));
  });
});
