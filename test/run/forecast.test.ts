import { describe, expect, it } from 'vitest';
import { resolveScenario } from '../../src/cli/resolve.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import { defineScenario, everyClient, type Scenario } from '../../src/contract/scenario.ts';
import { unstalled } from '../../src/measure/series.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { viewResult } from '../../src/result/view.ts';
import { forecastRun, forecastSamples } from '../../src/run/forecast.ts';
import { FakeRun } from '../support/fake-run.ts';
import { planFor } from '../support/plan.ts';

async function forecastOf(scenario: Scenario, given: GivenOptions) {
  return Object.fromEntries(forecastSamples(await planFor(scenario, given)));
}

const SHORT = { clients: '4', rate: '20/s', duration: '2s', warmup: '0s', warmupMax: '0s' };

describe('what a run will record', () => {
  it.each<[name: string, given: GivenOptions]>([
    ['broadcast-latency', { ...SHORT, target: 'ws' }],
    ['room-fanout', { ...SHORT, target: 'socketio', rooms: '2', transport: 'upgrade' }],
    ['ack-roundtrip', { ...SHORT, target: 'ws', direction: 'server' }],
    ['stream-reply', { ...SHORT, target: 'ws' }],
  ])('is what %s then has recorded, with as many samples', async (name, given) => {
    const { scenario } = await resolveScenario(name);
    const planned = await planFor(scenario, given);
    const forecast = forecastSamples(planned);
    const view = viewResult(await new FakeRun({ planned }).run());
    const recorded = [...forecast.keys(), unstalled(planned.plan.headline)];
    expect(Object.keys(view.result.series).sort()).toEqual(recorded.sort());
    for (const [series, samples] of forecast) {
      if (samples !== null) expect([series, view.samples(series)]).toEqual([series, samples]);
    }
  });

  it('has the times of clients that come back', async () => {
    const { scenario } = await resolveScenario('broadcast-latency');
    const forecast = await forecastOf(scenario, { ...SHORT, target: 'ws', disrupt: 'reset at=1s' });
    expect(forecast).toMatchObject({ back: null, back_receiving: null, replay: null });
    const idle = await resolveScenario('idle');
    const held = await forecastOf(idle.scenario, { target: 'ws', clients: '4', reconnect: 'immediate' });
    expect(held).toHaveProperty('back', null);
    expect(held).not.toHaveProperty('replay');
  });

  it('shares the messages out among streams as the sender does', async () => {
    const twoSeries = defineScenario({
      name: 'two-series',
      summary: 'pings and echoes',
      headline: 'ping_pong',
      series: { ping_pong: 'pings', echoes: 'echoes', unused: 'nothing' },
      options: {},
      layout: (_options, clients) => ({
        rooms: everyClient(clients).map(() => []),
        streams: [
          { sender: 0, operation: { kind: 'ping' }, receivers: [0], series: 'ping_pong' },
          { sender: 0, operation: { kind: 'echo' }, receivers: [0], series: 'echoes' },
          { sender: 0, operation: { kind: 'echo' }, receivers: [0], series: 'echoes' },
        ],
      }),
    });
    const given = { target: 'ws', clients: '1', rate: '10/s', duration: '1s' };
    expect(await forecastOf(twoSeries, given)).toEqual({
      connect: 1,
      receive_uncertainty: 4,
      send_lag: 10,
      ping_pong: 4,
      ping_pong_actual: 4,
      echoes: 6,
    });
  });

  it('counts iterations, and leaves their messages open', async () => {
    const steps = defineScenario({
      name: 'steps',
      summary: 'iterations',
      headline: 'iteration',
      series: { own: 'anything' },
      options: {},
      layout: () => ({
        rooms: [[]],
        streams: [{ sender: 0, operation: { kind: 'steps' }, receivers: [0] }],
      }),
      steps: async () => {},
    });
    const given = { target: 'ws', clients: '1', rate: '5/s', duration: '2s' };
    expect(await forecastOf(steps, given)).toMatchObject({
      iteration: 10,
      ack: null,
      own: null,
      delivery: null,
      fanout_last: null,
    });
  });

  it('knows no number where clients only listen', async () => {
    const { scenario } = await resolveScenario('observe');
    const { push_gap, push_skew, send_lag } = await forecastOf(scenario, { target: 'ws' });
    expect([push_gap, push_skew, send_lag]).toEqual([null, null, undefined]);
  });
});

describe('figures that a run will not have', () => {
  const unavailableOf = async (name: string, given: GivenOptions) => {
    const { scenario } = await resolveScenario(name);
    return [...forecastRun(await planFor(scenario, given)).unavailable.keys()];
  };

  it.each<[what: string, given: GivenOptions, unavailable: readonly string[]]>([
    ['of a server that it starts', { target: 'socketio', transport: 'polling' }, []],
    ['over a transport without polls', { target: 'ws' }, ['empty_polls']],
    [
      'of a server that runs already',
      { target: 'http://127.0.0.1:9', transport: 'polling' },
      [
        ...['server_cpu_per_delivery', 'server_cpu', 'server_loop_utilization', 'server_rss'],
        ...['rss_slope', 'server_memory_per_connection'],
      ],
    ],
    [
      'of a server that it starts by a command',
      { target: 'http://127.0.0.1:9', exec: 'node app.js', transport: 'polling' },
      [],
    ],
  ])('%s', async (_, given, unavailable) => {
    expect(await unavailableOf('broadcast-latency', given)).toEqual(unavailable);
  });

  it('of the event loop of a server that is not run by Node.js', async () => {
    const { scenario } = await resolveScenario('broadcast-latency');
    const { plan, layout } = await planFor(scenario, { target: 'socketio', transport: 'polling' });
    const { target } = plan;
    if (target.reference === null) throw new Error('socketio is a reference server');
    const onBun: Plan = {
      ...plan,
      target: { ...target, reference: { ...target.reference, runtime: 'bun' } },
    };
    expect([...forecastRun({ plan: onBun, scenario, layout }).unavailable.keys()]).toEqual([
      'server_loop_utilization',
    ]);
  });
});
