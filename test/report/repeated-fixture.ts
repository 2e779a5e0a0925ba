import { type Repeated, type RepeatedStart, repeatedSchema } from '../../src/result/repeated.ts';
import type { Finding, RunResult } from '../../src/result/run-result.ts';
import { summarizeStarts } from '../../src/stats/repeated.ts';
import { judgeRunThresholds, parseThreshold } from '../../src/stats/thresholds.ts';
import { type FixtureOptions, makeResult } from './fixture.ts';

interface RepeatedOptions {
  /** The median of each start, in ms. A string is the error of a start that measured nothing. */
  readonly starts: ReadonlyArray<number | string>;
  /** Numbers of starts that are invalid, with the reason. */
  readonly invalid: Readonly<Record<number, Finding>>;
  readonly repeat: number;
  readonly restartsServer: boolean;
  readonly thresholds: readonly string[];
  readonly status: Repeated['status'];
  readonly run: Partial<FixtureOptions>;
}

export const BUSY: Finding = { code: 'generator_busy', message: 'the generator was the limit: busy 93 %' };
export const DIED: Finding = { code: 'server_died', message: 'the server ended with exit code 1' };

function startAt(start: number, median: number | string, options: RepeatedOptions): RepeatedStart {
  if (typeof median === 'string')
    return { start, result: null, error: { code: 'exec_failed', message: median } };
  const made = makeResult({
    ...{ target: 'ws', protocol: 'ws', seconds: 2, clients: 4, seed: start },
    ...options.run,
    medianNs: median * 1e6,
  });
  const invalid = options.invalid[start];
  const result: RunResult = {
    ...made,
    status: invalid?.code === 'interrupted' ? 'partial' : 'complete',
    invalid: invalid === undefined ? [] : [invalid],
  };
  const thresholds = options.thresholds.map((each) => parseThreshold(each));
  return { start, result: { ...result, thresholds: judgeRunThresholds(result, thresholds) }, error: null };
}

/** A repeated run of made-up starts; five that differ by 14 % unless `given` says otherwise. */
export function makeRepeated(given: Partial<RepeatedOptions> = {}): Repeated {
  const options: RepeatedOptions = {
    starts: [1, 1.07, 1.14, 1.02, 1.1],
    invalid: {},
    repeat: given.starts?.length ?? 5,
    restartsServer: true,
    thresholds: [],
    status: 'complete',
    run: {},
    ...given,
  };
  const { repeat, restartsServer } = options;
  const design = { repeat, restartsServer, confidence: 0.95 };
  const starts = options.starts.map((median, index) => startAt(index + 1, median, options));
  const thresholds = options.thresholds.map((each) => parseThreshold(each));
  return repeatedSchema.parse({
    schemaVersion: 3,
    kind: 'repeated',
    tool: { name: 'sockbench', version: '0.1.0' },
    startedAt: '2026-03-04T05:06:07.891Z',
    durationMs: 12_345,
    commandLine: ['run', 'broadcast-latency', '--target', 'ws', '--repeat', String(repeat)],
    status: options.status,
    design,
    starts,
    ...summarizeStarts(design, starts, thresholds),
  } satisfies Repeated);
}
