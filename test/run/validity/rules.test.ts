import { describe, expect, it } from 'vitest';
import { remediesOf } from '../../../src/result/remedies.ts';
import type { RunResult } from '../../../src/result/run-result.ts';
import { viewResult } from '../../../src/result/view.ts';
import { LIMITS } from '../../../src/run/validity/limits.ts';
import { noteUncertainty } from '../../../src/run/validity/receive-rules.ts';
import { judgeValidity } from '../../../src/run/validity/rules.ts';
import { makeResult } from '../../report/fixture.ts';
import { storedSeries, type Values } from '../made-series.ts';

const MS = 1e6;
const VALID = makeResult({ clients: 3, rateHz: 50, seconds: 2, workers: 2 });

/** The valid run with one part of it replaced. */
function varied(part: Partial<RunResult>): RunResult {
  return { ...VALID, ...part };
}

function codesOf(result: RunResult): string[] {
  return judgeValidity(viewResult(result)).map(({ code }) => code);
}

function messagesOf(result: RunResult): string[] {
  return judgeValidity(viewResult(result)).map(({ message }) => message);
}

/** A run in which the series are these alone; every series has as many values as there were broadcasts. */
function withSeries(samples: number, series: Readonly<Record<string, Values>>): RunResult {
  return varied({
    samples: { unit: 'broadcast', count: samples, incomplete: 0 },
    series: Object.fromEntries(
      Object.entries({ fanout_last: [[MS, samples]] as const, ...series }).map(([name, values]) => [
        name,
        storedSeries(values),
      ]),
    ),
  });
}

it('finds nothing in a valid run', () => {
  expect(judgeValidity(viewResult(VALID))).toEqual([]);
  expect(noteUncertainty(viewResult(VALID))).toBeNull();
});

describe('the rate', () => {
  const rate = (sent: number, unsent: RunResult['rate']['unsent'] = []) =>
    varied({ rate: { ...VALID.rate, intended: 1000, sent, unsent } });

  it('is held when 99.5 % of the messages were sent, and not when fewer were', () => {
    const least = 1000 * LIMITS.achievedRatio;
    expect(codesOf(rate(least))).toEqual([]);
    expect(codesOf(rate(least - 1))).toEqual(['rate_not_held']);
  });

  it('is the fault of the target file when every unsent message failed in it', () => {
    const failed = [{ reason: 'publish of a.ts failed', count: 10 }];
    const late = [...failed, { reason: 'too late', count: 10 }];
    expect(codesOf({ ...rate(980, failed), failed })).toEqual(['send_failed']);
    expect(codesOf({ ...rate(980, late), failed })).toEqual(['rate_not_held']);
    expect(codesOf({ ...rate(999, failed), failed })).toEqual([]);
  });

  it('is reported with the reasons for unsent messages', () => {
    expect(messagesOf(rate(994))).toEqual(['994 of 1,000 messages sent']);
    expect(
      messagesOf(
        rate(0, [
          { reason: 'not connected', count: 900 },
          { reason: 'too late', count: 100 },
        ]),
      ),
    ).toEqual(['0 of 1,000 messages sent: not connected (900), too late (100)']);
  });
});

describe('send lag', () => {
  const run = (lagMs: number, medianMs: number, actualMs: number) =>
    withSeries(1000, {
      send_lag: [[lagMs * MS, 1000]],
      delivery: [[medianMs * MS, 1000]],
      delivery_actual: [[actualMs * MS, 1000]],
    });

  it.each([
    ['just under a millisecond', 0.99, 2, 1, []],
    ['just over a millisecond', 1.01, 2, 1, ['send_lag']],
    ['just under a tenth of a long median', 2.97, 30, 10, []],
    ['just over a tenth of a long median', 3.03, 30, 10, ['send_lag']],
    ['long, but just under a third of the latency', 10, 30, 20.2, []],
    ['long, and just over a third of the latency', 10, 30, 19.8, ['send_lag']],
  ])('%s', (_, lagMs, medianMs, actualMs, codes) => {
    expect(codesOf(run(lagMs, medianMs, actualMs))).toEqual(codes);
  });

  it('is reported with the limit and with the latency without it', () => {
    expect(messagesOf(run(12, 30, 18))).toEqual([
      'generator lag: sends were late by 12.0 ms at p99, limit 3 ms; without the lag delivery p99 would be 18.0 ms instead of 30.0 ms',
    ]);
  });

  it('is judged for requests by their own series', () => {
    const result = withSeries(1000, {
      send_lag: [[5 * MS, 1000]],
      ack: [[6 * MS, 1000]],
      ack_actual: [[1 * MS, 1000]],
    });
    expect(messagesOf({ ...result, headline: 'ack' })).toEqual([
      'generator lag: sends were late by 5.00 ms at p99, limit 1 ms; without the lag ack p99 would be 1.00 ms instead of 6.00 ms',
    ]);
  });
});

describe('the judged quantile', () => {
  /** So many broadcasts, of which the last `late` were sent 40 ms late. */
  const bursts = (samples: number, late: number) => {
    const onTime = samples - late;
    return withSeries(samples, {
      send_lag: [
        [1000, onTime],
        [40 * MS, late],
      ],
      delivery: [
        [2 * MS, onTime],
        [42 * MS, late],
      ],
      delivery_actual: [[2 * MS, samples]],
    });
  };

  it.each([
    ['p99', 1000, 20, 'p99'],
    ['p95', 999, 60, 'p95'],
    ['p95', 200, 12, 'p95'],
    ['p90', 199, 22, 'p90'],
    ['p90', 100, 12, 'p90'],
    ['the median', 99, 51, 'p50'],
    ['the median', 20, 11, 'p50'],
  ])('is %s with %d samples', (_, samples, late, name) => {
    const [message] = messagesOf(bursts(samples, late));
    expect(message).toMatch(`sends were late by 40.0 ms at ${name}`);
  });

  it.each([
    ['at p99 only', 1000, 20, 0.95],
    ['at p95 and above', 1000, 60, 0.9],
    ['at p90 and above', 1000, 120, 0.5],
    ['at every quantile', 1000, 600, undefined],
    ['at p90, the highest of few', 100, 12, 0.5],
    ['at the median, the only one of few', 20, 11, undefined],
  ])('says up to which lower one latencies are right: late %s', (_, samples, late, soundUpTo) => {
    expect(judgeValidity(viewResult(bursts(samples, late)))[0]?.soundUpTo).toBe(soundUpTo);
  });

  it.each([
    ['p99', 1000, 9],
    ['p95', 999, 45],
    ['p90', 199, 19],
    ['the median', 99, 48],
  ])('does not see what lies beyond %s of %d samples', (_, samples, late) => {
    expect(codesOf(bursts(samples, late))).toEqual([]);
  });

  it('follows the number of broadcasts, not that of their deliveries', () => {
    const result = bursts(1000, 20);
    expect(codesOf(result)).toEqual(['send_lag']);
    const oneLess = { ...result.series, fanout_last: storedSeries([[MS, 999]]) };
    expect(codesOf({ ...result, series: oneLess })).toEqual([]);
  });
});

/** The valid run with its workers' telemetry: `[loop utilisation, share of pacing]` for each. */
function withWorkers(...workers: ReadonlyArray<readonly [loop: number, pacing: number]>): RunResult {
  const telemetry = workers.map(([loopUtilization, pacingShare], index) => {
    const samples = (VALID.telemetry.workers[0]?.samples ?? []).map((sample) => ({
      ...sample,
      loopUtilization,
      pacingShare,
    }));
    return {
      role: `generator ${index + 1}`,
      pid: 200 + index,
      source: 'probe' as const,
      rssBeforeBytes: null,
      samples,
    };
  });
  return varied({ telemetry: { ...VALID.telemetry, workers: telemetry } });
}

describe('a generator process', () => {
  it.each([
    ['at work just under the limit', [[LIMITS.generatorUtilization - 0.001, 0]], []],
    ['at work just over the limit', [[LIMITS.generatorUtilization + 0.001, 0]], ['generator_busy']],
    ['spinning for most of the time', [[1, 0.31]], []],
    ['spinning, but at work for most of the time', [[1, 0.29]], ['generator_busy']],
  ] as const)('%s', (_, workers, codes) => {
    expect(codesOf(withWorkers(...workers))).toEqual(codes);
  });

  it('is named when it is the busiest', () => {
    expect(messagesOf(withWorkers([0.8, 0], [1, 0.05], [0.1, 0]))).toEqual([
      'the generator was the limit: generator 2 was busy 95.0 % of the time, limit 70 %',
    ]);
  });

  it('may be busy before and after measuring', () => {
    const result = withWorkers([0.1, 0]);
    const workers = result.telemetry.workers.map((worker) => ({
      ...worker,
      samples: worker.samples.map((sample) =>
        sample.atMs <= 0 || sample.atMs > VALID.timing.measureMs ? { ...sample, loopUtilization: 1 } : sample,
      ),
    }));
    expect(codesOf({ ...result, telemetry: { ...result.telemetry, workers } })).toEqual([]);
  });
});

describe('a generator that is held up', () => {
  /** So many of 1,000 deliveries took 10 ms, and without stalls so much; the others took 2 ms. */
  const run = (late: number, withoutMs: number) =>
    withSeries(1000, {
      delivery: [
        [2 * MS, 1000 - late],
        [10 * MS, late],
      ],
      delivery_actual: [[MS, 1000]],
      delivery_unstalled: [
        [2 * MS, 1000 - late],
        [withoutMs * MS, late],
      ],
    });

  it.each([
    ['by just under a tenth of the tail', 20, 9.2, []],
    ['by just over a tenth of the tail', 20, 9, ['generator_stalled']],
    ['in too few deliveries for the tail', 9, 2, []],
    ['in half of the deliveries', 600, 2, ['generator_stalled']],
  ])('%s', (_, late, withoutMs, codes) => {
    expect(codesOf(run(late, withoutMs))).toEqual(codes);
  });

  it('is judged at each quantile that is reported', () => {
    const result = withSeries(1000, {
      delivery: [
        [5 * MS, 920],
        [20 * MS, 80],
      ],
      delivery_actual: [[MS, 1000]],
      delivery_unstalled: [
        [2 * MS, 920],
        [20 * MS, 80],
      ],
    });
    expect(messagesOf(result)[0]).toMatch(/delivery p90 would be 2.00 ms instead of 5.00 ms/);
  });

  it('is no matter where it adds less than the minimum', () => {
    const result = withSeries(1000, {
      delivery: [[LIMITS.stallNs + 0.05 * MS, 1000]],
      delivery_actual: [[MS, 1000]],
      delivery_unstalled: [[0.06 * MS, 1000]],
    });
    expect(codesOf(result)).toEqual([]);
  });

  it('is named, with how long it was held up', () => {
    const stalled = (index: number, runQueueWaitMs: number | null, loopDelayMaxNs: number) => {
      const [worker] = VALID.telemetry.workers;
      const [sample] = worker?.samples ?? [];
      if (worker === undefined || sample === undefined) throw new Error('the fixture has no sample');
      const samples = [{ ...sample, atMs: 1000, lengthMs: 1000, runQueueWaitMs, loopDelayMaxNs }];
      return { ...worker, role: `generator ${index}`, samples };
    };
    const withTelemetry = (workers: RunResult['telemetry']['workers']) => ({
      ...run(20, 4),
      telemetry: { ...VALID.telemetry, workers },
    });
    expect(messagesOf(withTelemetry([stalled(1, 3, MS), stalled(2, 250, 12 * MS)]))).toEqual([
      'the generator was held up: without that time delivery p99 would be 4.00 ms instead of 10.0 ms; generator 2 waited 250 ms for a CPU, and its event loop was up to 12.0 ms late',
    ]);
    expect(messagesOf(withTelemetry([stalled(1, null, 300 * MS)]))[0]).toMatch(
      /; the event loop of generator 1 was up to 300 ms late$/,
    );
  });
});

describe('receive uncertainty', () => {
  const run = (share: number) =>
    withSeries(1000, {
      delivery: [[10 * MS, 1000]],
      delivery_actual: [[10 * MS, 1000]],
      receive_uncertainty: [[share * 10 * MS, 1000]],
    });

  it.each([
    [LIMITS.uncertaintyNoted - 0.001, [], null],
    [LIMITS.uncertaintyNoted + 0.001, [], 'uncertain_receive_times'],
    [LIMITS.uncertaintyInvalidates - 0.005, [], 'uncertain_receive_times'],
    [LIMITS.uncertaintyInvalidates + 0.005, ['receive_uncertainty'], null],
  ])('of %d of the latency', (share, invalidating, noted) => {
    expect(codesOf(run(share))).toEqual(invalidating);
    expect(noteUncertainty(viewResult(run(share)))?.code ?? null).toBe(noted);
  });

  it('is reported with both figures', () => {
    expect(messagesOf(run(0.8))).toEqual([
      'the generator received late: receive uncertainty p99 8.00 ms is 80.0 % of delivery p99 10.0 ms, limit 75 %',
    ]);
    expect(noteUncertainty(viewResult(run(0.2)))).toEqual({
      code: 'uncertain_receive_times',
      message:
        'latencies may be too high by the time to receive: receive uncertainty p99 2.00 ms is 20.0 % of delivery p99 10.0 ms; more workers on more CPUs reduce it',
    });
  });

  it('is no matter when it was not recorded', () => {
    const result = withSeries(1000, { delivery: [[10 * MS, 1000]] });
    expect(codesOf(result)).toEqual([]);
    expect(noteUncertainty(viewResult(result))).toBeNull();
  });
});

describe('the machine', () => {
  const machine = (part: Partial<RunResult['environment']>) =>
    varied({ environment: { ...VALID.environment, ...part } });

  it.each([
    ['unknown steal', { stealRatio: null }, []],
    ['steal at the limit', { stealRatio: LIMITS.stealRatio }, []],
    [
      'steal just over the limit',
      { stealRatio: 0.021 },
      ["CPU steal: other machines on this host took 2.10 % of the time of the run's CPUs, limit 2 %"],
    ],
    ['unknown throttling', { throttledMs: null }, []],
    ['no throttling', { throttledMs: 0 }, []],
    [
      'any throttling',
      { throttledMs: 1.5 },
      ['the CPU limit of the control group stopped the run for 1.50 ms'],
    ],
  ])('%s', (_, part, messages) => {
    expect(messagesOf(machine(part))).toEqual(messages);
  });
});

describe('clients', () => {
  const clients = (part: Partial<RunResult['clients']>) =>
    varied({ clients: { planned: 1200, connected: 1200, failures: [], dropped: [], closed: [], ...part } });

  it('are no reason when all of them stay', () => {
    expect(codesOf(clients({}))).toEqual([]);
  });

  it.each([
    [
      'did not connect',
      { connected: 1197, failures: [{ reason: 'refused', count: 3 }] },
      'of 1,200 clients, 3 did not connect: refused (3)',
    ],
    [
      'did not join',
      { failures: [{ reason: 'no answer', count: 1 }] },
      'of 1,200 clients, 1 did not join: no answer (1)',
    ],
    [
      'were dropped',
      { dropped: [{ reason: 'transport close', count: 1100 }] },
      'of 1,200 clients, 1,100 were dropped: transport close (1,100)',
    ],
    [
      'were dropped, even one',
      { dropped: [{ reason: 'transport close', count: 1 }] },
      'of 1,200 clients, 1 was dropped: transport close (1)',
    ],
    [
      'fell to a dead worker besides',
      { connected: 600, failures: [{ reason: 'refused', count: 3 }] },
      'of 1,200 clients, 600 did not connect: refused (3)',
    ],
  ])('invalidate a run when some %s', (_, part, message) => {
    expect(judgeValidity(viewResult(clients(part)))).toEqual([{ code: 'clients_lost', message }]);
  });

  it('are told apart from those that the system of the generator refused', () => {
    const limit = 'websocket error (refused by the system of the generator: connect EMFILE)';
    const failures = [
      { reason: limit, count: 12 },
      { reason: 'refused', count: 3 },
    ];
    expect(judgeValidity(viewResult(clients({ connected: 1185, failures })))).toEqual([
      {
        code: 'system_limit',
        message:
          '12 clients could not connect: a generator process may open no more files (EMFILE); raise its limit (ulimit -n), or use more --workers or fewer --clients',
      },
      {
        code: 'clients_lost',
        message: 'of 1,200 clients, 3 did not connect: refused (3)',
      },
    ]);
    expect(codesOf(clients({ connected: 1188, failures: failures.slice(0, 1) }))).toEqual(['system_limit']);
  });

  it('are told apart from those whose polling lacked sticky sessions, with how many got in', () => {
    const reason = 'xhr post error (HTTP status 400, Session ID unknown)';
    const lost = [{ reason, count: 700 }];
    expect(judgeValidity(viewResult(clients({ connected: 500, failures: lost })))).toEqual([
      {
        code: 'sticky_sessions',
        message:
          '500 of 1,200 clients got in; requests of the others reached a server process that does not know their session (Session ID unknown)',
      },
    ]);
    const both = [...lost, { reason: 'refused', count: 3 }];
    expect(codesOf(clients({ connected: 497, failures: both }))).toEqual(['sticky_sessions', 'clients_lost']);
  });
});

describe('the number of samples', () => {
  it.each([
    [20, []],
    [19, ['19 broadcasts measured; a median needs at least 20']],
    [1, ['1 broadcast measured; a median needs at least 20']],
  ])('of %d broadcasts', (count, messages) => {
    expect(messagesOf(varied({ samples: { unit: 'broadcast', count, incomplete: 0 } }))).toEqual(messages);
  });

  it('is counted in requests where there are requests', () => {
    const requests = makeResult({ scenario: 'ack-roundtrip', rateHz: 19, seconds: 1 });
    expect(messagesOf(requests)).toEqual(['19 requests measured; a median needs at least 20']);
    expect(codesOf(makeResult({ scenario: 'ack-roundtrip', rateHz: 20, seconds: 1 }))).toEqual([]);
  });
});

it('reports every reason, causes before their consequences', () => {
  const result = withSeries(10, {
    send_lag: [[40 * MS, 10]],
    delivery: [[42 * MS, 10]],
    delivery_actual: [[2 * MS, 10]],
    delivery_unstalled: [[3 * MS, 10]],
    receive_uncertainty: [[41 * MS, 10]],
  });
  expect(
    codesOf({
      ...result,
      rate: { ...VALID.rate, intended: 100, sent: 10 },
      telemetry: withWorkers([1, 0]).telemetry,
      environment: { ...VALID.environment, stealRatio: 0.5, throttledMs: 100 },
      clients: { ...VALID.clients, dropped: [{ reason: 'gone', count: 1 }] },
    }),
  ).toEqual([
    'generator_busy',
    'rate_not_held',
    'send_lag',
    'generator_stalled',
    'receive_uncertainty',
    'cpu_steal',
    'cpu_throttled',
    'clients_lost',
    'too_few_samples',
  ]);
});

describe('a run in which nothing arrived', () => {
  const silent = (part: Partial<RunResult>) =>
    varied({
      samples: { unit: 'broadcast', count: 0, incomplete: 100 },
      ledger: { ...VALID.ledger, expected: 5_000_000, delivered: 0 },
      warmup: {
        durationMs: 2000,
        stable: null,
        endedBy: null,
        windowMs: 1000,
        windowMediansNs: [null, null],
      },
      ...part,
    });

  it('advises to trace it where the target may not fit, not to measure longer', () => {
    const reasons = judgeValidity(viewResult(silent({})));
    expect(reasons.map(({ code }) => code)).toEqual(['nothing_arrived']);
    expect(remediesOf(reasons)).toEqual([expect.stringMatching(/sockbench trace.* delivery/)]);
  });

  it('asks whether the server handles the events when the warm-up delivered nothing either', () => {
    expect(messagesOf(silent({}))).toEqual([
      'none of 5,000,000 messages arrived: check that the server handles the events of docs/your-own-server.md',
    ]);
  });

  it.each<[string, Partial<RunResult>]>([
    ['was too busy', { telemetry: withWorkers([0.9, 0]).telemetry }],
    ['did not hold the rate', { rate: { ...VALID.rate, intended: 100, sent: 10 } }],
    ['lost a process', { invalid: [{ code: 'worker_died', message: 'generator 1 ended' }] }],
  ])('says nothing of the server when the generator %s', (_, part) => {
    expect(messagesOf(silent(part)).at(-1)).toBe('none of 5,000,000 messages arrived');
  });

  it('says what arrived instead, what is expected, and what the server printed', () => {
    const received = {
      events: [{ reason: 'welcome', count: 15 }],
      acknowledgements: 2,
      undecoded: [],
      unreadable: 1,
      expected: ['update'],
      serverOutput: ['ready', 'cannot read room'],
    };
    expect(messagesOf(silent({ received }))).toEqual([
      'none of 5,000,000 messages arrived: events received: welcome 15, 2 acknowledgements, 1 message without an event; expected: update; last output of the server: ready / cannot read room; sockbench trace shows each message',
    ]);
    const nothing = {
      ...received,
      events: [],
      acknowledgements: 0,
      unreadable: 0,
      undecoded: [],
      serverOutput: [],
    };
    expect(messagesOf(silent({ received: nothing }))).toEqual([
      'none of 5,000,000 messages arrived: events received: none; expected: update; sockbench trace shows each message',
    ]);
    const encoded = { ...nothing, events: [{ reason: 'update', count: 9 }] };
    expect(messagesOf(silent({ received: encoded }))).toEqual([
      'none of 5,000,000 messages arrived: events received: update 9; expected: update with the payload that was sent; sockbench trace shows each message',
    ]);
  });

  it('still asks about the server when the machine was the limit', () => {
    const environment = { ...VALID.environment, stealRatio: 0.5 };
    expect(messagesOf(silent({ environment })).at(-1)).toMatch(/arrived: check that the server handles/);
  });

  it('says that messages of the warm-up arrived, and how late', () => {
    const warmup = {
      durationMs: 3000,
      stable: false,
      endedBy: null,
      windowMs: 1000,
      windowMediansNs: [2 * MS, 1900 * MS, null],
    };
    expect(messagesOf(silent({ warmup }))).toEqual([
      'none of 5,000,000 messages arrived before the end of the drain (--drain); warm-up messages arrived, with a median latency of 1.90 s at the end',
    ]);
  });

  it('names the most frequent failure', () => {
    expect(messagesOf(silent({ failed: [{ reason: 'sold out', count: 3 }] }))).toEqual([
      'none of 5,000,000 messages arrived: sold out',
    ]);
  });
});
