import { describe, expect, it } from 'vitest';
import type { MetricRule } from '../../src/result/comparison.ts';
import { type ArmExpectation, type ExpectedArms, planRules } from '../../src/stats/rules.ts';
import { thrownBy } from '../thrown.ts';

type Samples = Readonly<Record<string, number | null>>;

function armOf(samples: Samples, given: Partial<ArmExpectation> = {}): ArmExpectation {
  const [headline = ''] = Object.keys(samples);
  return {
    name: 'base',
    headline,
    samples: new Map(Object.entries(samples)),
    unavailable: new Map(),
    isRandom: false,
    hasCoarseCpu: false,
    ...given,
  };
}

/** Of arms that all record the same, as many as are given. */
function armsOf(samples: Samples, ...given: Partial<ArmExpectation>[]): ExpectedArms {
  const [base = armOf(samples), ...heads] = [{}, ...given].map((each) => armOf(samples, each));
  return { headline: base.headline, own: {}, arms: [base, ...heads] };
}

const NO_PROCESS: ArmExpectation['unavailable'] = new Map(
  (['server_cpu_per_delivery', 'server_cpu', 'server_rss'] as const).map((name) => [
    name,
    { problem: 'nothing is known of it', hint: 'Let --exec start it.' },
  ]),
);

const BROADCASTS = armsOf({ delivery: null, fanout_last: null, send_lag: null });
const REQUESTS = armsOf({ ack: null, send_lag: null });
const VISITS: ExpectedArms = { ...armsOf({ checkout: null }), own: { checkout: 'pressed -> paid' } };
const PUSHES = armsOf({ push_skew: null, push_gap: null });

const COUNTS = ['lost', 'duplicated', 'reordered', 'unexpected', 'failed', 'rejected'];
const names = (rules: readonly MetricRule[]) => rules.map(({ metric }) => metric);
const gating = (rules: readonly MetricRule[]) => names(rules.filter((rule) => rule.gating));

describe('the usual gating metrics', () => {
  it.each<[what: string, recorded: ExpectedArms, ratios: string[]]>([
    ['broadcasts', BROADCASTS, ['delivery.p50', 'fanout_last.p50', 'server_cpu_per_delivery']],
    ['requests', REQUESTS, ['ack.p50', 'ack.p95', 'server_cpu_per_delivery']],
    ['pushes of the server', PUSHES, ['push_skew.p50', 'push_gap.p50', 'server_cpu_per_delivery']],
    // Whether there are enough samples for p95 is not known beforehand.
    ['a series of the scenario', VISITS, ['checkout.p50', 'server_cpu_per_delivery']],
    [
      'a series of the scenario that is recorded often enough',
      { ...armsOf({ checkout: 40 }), own: VISITS.own },
      ['checkout.p50', 'checkout.p95', 'server_cpu_per_delivery'],
    ],
    ['requests, too few for p95', armsOf({ ack: 39 }), ['ack.p50', 'server_cpu_per_delivery']],
    [
      'requests, too few for p95 in one arm',
      armsOf({ ack: 40 }, { samples: new Map([['ack', 39]]) }),
      ['ack.p50', 'server_cpu_per_delivery'],
    ],
    [
      'a server that was running already',
      armsOf({ ack: null }, { unavailable: NO_PROCESS }),
      ['ack.p50', 'ack.p95'],
    ],
    [
      'a server whose CPU time is counted in ticks',
      armsOf({ ack: null }, { hasCoarseCpu: true }),
      ['ack.p50', 'ack.p95'],
    ],
  ])(
    'are, for %s, those of the headline, CPU time where it is known, and the counts',
    (_, recorded, ratios) => {
      expect(gating(planRules([], recorded))).toEqual([...ratios, ...COUNTS]);
    },
  );

  it('have informational ones beside them', () => {
    const rules = planRules([], BROADCASTS);
    expect(names(rules.filter((rule) => !rule.gating))).toEqual([
      'delivery.p95',
      'delivery.p99',
      'fanout_last.p95',
      'fanout_last.p99',
      'traffic_per_delivery',
      'requests_per_delivery',
      'server_rss',
    ]);
    expect(new Set(names(rules)).size).toBe(rules.length);
  });

  it('are informational where they cannot gate, and left out where no run has them', () => {
    const informational = (recorded: ExpectedArms) =>
      names(planRules([], recorded).filter((rule) => !rule.gating));
    expect(informational(VISITS).slice(0, 2)).toEqual(['checkout.p95', 'checkout.p99']);
    expect(informational(PUSHES)).toContain('push_gap.p99');
    expect(informational(armsOf({ ack: null }, { hasCoarseCpu: true }))).toContain('server_cpu_per_delivery');
    const outside = informational(armsOf({ ack: null }, { unavailable: NO_PROCESS }));
    expect(outside).toEqual(['ack.p99', 'traffic_per_delivery', 'requests_per_delivery']);
  });

  it('are optional where rounds may lack the CPU time, unless they are asked for', () => {
    const optional = (asked: string[]) =>
      names(planRules(asked, REQUESTS).filter((rule) => rule.gating && rule.optional));
    expect(optional([])).toEqual(['server_cpu_per_delivery']);
    expect(optional(['server_cpu_per_delivery'])).toEqual([]);
  });

  it('are an error where the arms do not record the same headline', () => {
    const differing = armsOf({ ack: null }, { ...armOf({ reply: null }), name: 'head' });
    expect(thrownBy(() => planRules([], differing))).toMatchObject({
      code: 'BAD_METRIC',
      message: 'the usual metric ack.p50: head: this run will not record "ack", but reply',
    });
    expect(gating(planRules(['sent'], differing))).toEqual(['sent', ...COUNTS]);
  });

  it('tolerate what docs/comparing.md says', () => {
    const rules = new Map(planRules([], BROADCASTS).map((rule) => [rule.metric, rule]));
    const tolerated = (metric: string) => [rules.get(metric)?.delta, rules.get(metric)?.floor];
    expect(tolerated('delivery.p50')).toEqual([0.05, 20_000]);
    expect(tolerated('fanout_last.p50')).toEqual([0.05, 20_000]);
    expect(tolerated('server_cpu_per_delivery')).toEqual([0.05, 500]);
    expect(tolerated('delivery.p95')).toEqual([0.1, 100_000]);
    expect(tolerated('fanout_last.p99')).toEqual([0.15, 250_000]);
    expect(tolerated('traffic_per_delivery')).toEqual([0.01, 0]);
    expect(tolerated('server_rss')).toEqual([0.05, 8_388_608]);
    expect(rules.get('lost')).toEqual({
      metric: 'lost',
      unit: 'count',
      kind: 'exact',
      gating: true,
      optional: false,
      delta: 0.25,
      floor: 0,
    });
  });
});

describe('--metric', () => {
  it('gates in place of the usual ones, which become informational; counts gate as well', () => {
    const rules = planRules(['delivery.p99'], BROADCASTS);
    expect(gating(rules)).toEqual(['delivery.p99', ...COUNTS]);
    expect(names(rules)).toContain('delivery.p50');
    expect(new Set(names(rules)).size).toBe(rules.length);
  });

  it.each<[text: string, rule: Partial<MetricRule>]>([
    ['delivery.p99', { metric: 'delivery.p99', unit: 'duration', delta: 0.15, floor: 250_000 }],
    ['delivery.p99:20%', { metric: 'delivery.p99', delta: 0.2, floor: 250_000 }],
    ['delivery.p50:2.5%:1.5ms', { metric: 'delivery.p50', delta: 0.025, floor: 1_500_000 }],
    ['delivery.mean', { metric: 'delivery.mean', delta: 0.1, floor: 100_000 }],
    ['delivery.p50:0%:0ns', { delta: 0, floor: 0 }],
    ['server_rss:5%:1MiB', { metric: 'server_rss', unit: 'bytes', delta: 0.05, floor: 1_048_576 }],
    ['server_cpu:10%:5%', { metric: 'server_cpu', unit: 'share', delta: 0.1, floor: 0.05 }],
    ['sent', { metric: 'sent', unit: 'rate', kind: 'ratio', delta: 0.05, floor: 0 }],
    ['late', { metric: 'late', unit: 'count', kind: 'exact' }],
  ])('%s is read', (text, expected) => {
    expect(planRules([text], BROADCASTS)[0]).toMatchObject({ ...expected, gating: true });
  });

  it('may be a series of the scenario', () => {
    expect(gating(planRules(['checkout.p90:5%'], VISITS))).toEqual(['checkout.p90', ...COUNTS]);
  });

  it.each<[text: string, message: RegExp, hint: RegExp]>([
    [
      'delivery.p99:20%:1ms:x',
      /^--metric delivery.p99:20%:1ms:x has too many parts$/,
      /delivery.p99:20%:1ms/,
    ],
    ['delivery.p99:20', /: the growth "20" is not a percentage; write a number with %$/, /like 5%/],
    ['delivery.p99:-5%', /"-5%" is not a percentage/, /like 5%/],
    ['delivery.p99:', /"" is not a percentage/, /like 5%/],
    ['delivery.p99::1ms', /"" is not a percentage/, /like 5%/],
    ['delivery.p99:20%:1', /^--metric delivery.p99:20%:1: the floor "1" has no unit/, /like 50ms/],
    ['server_rss:20%:1ms', /"1ms" is not a size/, /64MiB/],
    ['server_cpu:20%:', /the floor "" is not a percentage/, /like 5%/],
    ['server_cpu:20%:-1', /"-1" is not a percentage/, /like 5%/],
    ['server_cpu:20%:Infinity', /"Infinity" is not a percentage/, /like 5%/],
    ['lost:5%', /a count has no tolerance$/, /^Write lost\.$/],
    ['ack.p50', /will not record "ack", but delivery, fanout_last, send_lag$/, /one of them/],
    ['delivery', /"delivery" is a whole series/, /delivery.p99/],
    ['dlivery.p50', /"dlivery" is not one of/, /Did you mean delivery\?/],
  ])('%s is an error', (text, message, hint) => {
    const error = thrownBy(() => planRules([text], BROADCASTS));
    expect(error.code).toBe('BAD_METRIC');
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
  });

  it('of a figure that no run will have is an error, as for thresholds', () => {
    const recorded = armsOf({ ack: null }, { name: 'head', unavailable: NO_PROCESS });
    expect(thrownBy(() => planRules(['server_rss'], recorded))).toMatchObject({
      code: 'BAD_METRIC',
      message: '--metric server_rss: head: nothing is known of it',
      hint: 'Let --exec start it.',
    });
    const unavailable = new Map([['empty_polls', { problem: 'clients do not poll', hint: '' }] as const]);
    const error = thrownBy(() => planRules(['empty_polls'], armsOf({ ack: null }, { unavailable })));
    expect(error.message).toMatch(/clients do not poll$/);
  });

  it('may be given three times, each with another metric', () => {
    const three = ['delivery.p50', 'delivery.p95', 'server_rss'];
    expect(gating(planRules(three, BROADCASTS))).toEqual([...three, ...COUNTS]);
    const four = thrownBy(() => planRules([...three, 'sent'], BROADCASTS));
    expect(four).toMatchObject({
      code: 'BAD_METRIC',
      message: expect.stringMatching(/given 4 times; at most 3/),
    });
    const twice = thrownBy(() => planRules(['delivery.p50', 'delivery.p50:20%'], BROADCASTS));
    expect(twice).toMatchObject({ code: 'BAD_METRIC', message: '--metric delivery.p50 is given twice' });
  });
});

describe('too few messages in a run', () => {
  const withSamples = (count: number, isRandom = false): ExpectedArms => ({
    ...REQUESTS,
    arms: [armOf({ ack: count, send_lag: count }, { isRandom })],
  });

  it('are an error beforehand: a run of fewer than 20 would be invalid', () => {
    for (const metrics of [[], ['server_cpu_per_delivery']]) {
      expect(thrownBy(() => planRules(metrics, withSamples(19)))).toMatchObject({
        code: 'TOO_FEW_SAMPLES',
        message: 'each run would have 19 independent samples of ack.p50, and needs 20',
        hint: 'Give at least 1.1 times the --duration, or at least 1.1 times the --rate.',
      });
      expect(planRules(metrics, withSamples(20))).not.toEqual([]);
    }
  });

  it('are an error in any arm', () => {
    const recorded = armsOf({ ack: 20 }, { name: 'head', samples: new Map([['ack', 19]]) });
    expect(thrownBy(() => planRules(['sent'], recorded)).message).toBe(
      'each run of head would have 19 independent samples of ack.p50, and needs 20',
    );
  });

  it('are an error where random arrivals may make them too few', () => {
    expect(thrownBy(() => planRules([], withSamples(47, true))).message).toBe(
      'each run would have 47 independent samples of ack.p50 on average, and by chance fewer than the 20 that it needs',
    );
    expect(planRules([], withSamples(48, true))).not.toEqual([]);
  });

  it.each([
    ['ack.p95', 40],
    ['ack.p99', 200],
  ])('are an error for %s below %i, which is a fifth of what a report asks for', (metric, needed) => {
    expect(thrownBy(() => planRules([metric], withSamples(needed - 1)))).toMatchObject({
      message: `each run would have ${needed - 1} independent samples of ${metric}, and needs ${needed}`,
    });
    expect(planRules([metric], withSamples(needed))[0]).toMatchObject({ metric, gating: true });
  });
});
