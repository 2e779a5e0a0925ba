import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import type { GivenOptions } from '../../src/contract/options.ts';
import { defineScenario, everyClient, type Scenario } from '../../src/contract/scenario.ts';
import { buildPlan, type Plan, planIn, planSchema } from '../../src/plan/plan.ts';
import { maxRunMs } from '../../src/plan/run-length.ts';
import { planOn, targetWith } from '../support/plan.ts';
import { thrownBy } from '../thrown.ts';

const target = targetWith({ name: 'socketio', protocol: 'socketio' });

function plan(given: GivenOptions = {}, scenario: Scenario = broadcastLatency): Plan {
  return planOn(target, scenario, given);
}

describe('a plan', () => {
  it('has every default in it', () => {
    expect(plan()).toMatchInlineSnapshot(`
      {
        "arrival": "constant",
        "clients": 200,
        "connectRateHz": 500,
        "connectTimeoutMs": 10000,
        "cpuProfile": false,
        "disruptions": [],
        "drainMs": 5000,
        "driver": "wire",
        "durationMs": 10000,
        "headline": "delivery",
        "lateAfterMs": 1000,
        "network": null,
        "payload": {
          "deflatedShare": 0.44,
          "digest": null,
          "fileCount": null,
          "kind": "size",
          "largestBytes": 64,
          "maxBytes": null,
          "minBytes": null,
          "p50Bytes": 64,
          "p99Bytes": 64,
          "path": null,
          "percentiles": [],
        },
        "payloadBytes": 64,
        "payloadType": "text",
        "pin": true,
        "populations": [],
        "profile": [
          {
            "durationMs": 10000,
            "fromHz": 100,
            "toHz": 100,
          },
        ],
        "reconnect": {
          "delayMs": 0,
          "jitter": 0,
          "kind": "none",
          "maxAttempts": null,
          "maxDelayMs": 0,
        },
        "scenario": "broadcast-latency",
        "scenarioFile": null,
        "scenarioOptions": {
          "excludeSender": false,
          "publishers": 1,
        },
        "seed": 1,
        "senderCooldownMs": null,
        "settings": {
          "compression": null,
          "namespace": null,
          "parser": null,
          "pollInterval": null,
          "processes": null,
          "recovery": null,
          "recoveryWindow": null,
          "redis": null,
          "redisAdapter": null,
        },
        "sockets": "auto",
        "sourceAddresses": [],
        "target": {
          "allowRemote": null,
          "cwd": null,
          "droppable": false,
          "exec": null,
          "file": null,
          "messageFormat": null,
          "name": "socketio",
          "namespace": null,
          "protocol": "socketio",
          "pushes": null,
          "reference": null,
          "url": null,
        },
        "thresholds": [],
        "transport": "websocket",
        "verify": false,
        "warmupMaxMs": 10000,
        "warmupMs": 2000,
        "workers": 1,
        "workersReason": null,
      }
    `);
  });

  it('is frozen, survives JSON unchanged and fits its schema', () => {
    const built = plan({ parser: 'msgpack' }, roomFanout);
    expect(Object.isFrozen(built)).toBe(true);
    const stored = JSON.parse(JSON.stringify(built));
    expect(stored).toEqual(built);
    expect(planSchema.parse(stored)).toEqual(built);
  });

  it('is read with null for a setting that it is too old to have, and refused with one of another type', () => {
    const built = plan();
    const { parser: _, ...older } = built.settings;
    expect(planSchema.parse({ ...built, settings: older }).settings).toEqual(built.settings);
    expect(planSchema.safeParse({ ...built, settings: { colour: 'red' } }).success).toBe(false);
    expect(planSchema.safeParse({ ...built, settings: { ...built.settings, parser: {} } }).success).toBe(
      false,
    );
  });

  it('comes with the layout of its scenario, which is computed once', () => {
    let calls = 0;
    const counting: Scenario = {
      ...roomFanout,
      layout: (...args) => {
        calls += 1;
        return roomFanout.layout(...args);
      },
    };
    const { plan: built, layout } = buildPlan(counting, { clients: '4', rooms: '2' }, () => target);
    expect(calls).toBe(1);
    expect(layout).toEqual(
      roomFanout.layout(built.scenarioOptions, 4, { protocol: 'socketio', transport: 'websocket' }, null),
    );
  });

  it('holds the settings that were given, and null for every other', () => {
    const { settings } = plan({ compression: 'on', pollInterval: '100ms' });
    expect(Object.entries(settings).filter(([, value]) => value !== null)).toEqual([
      ['compression', 'on'],
      ['pollInterval', 100],
    ]);
  });

  it('has its command run in another checkout', () => {
    const mine = targetWith({ url: 'http://127.0.0.1:9', exec: 'node app.js' });
    const built = planOn(mine, roomFanout);
    const moved = planIn('/base', built);
    expect(moved).toEqual({ ...built, target: { ...mine, cwd: '/base' } });
    expect(Object.isFrozen(moved)).toBe(true);
  });

  it('keeps the target and the scenario options it was given', () => {
    const foreign = targetWith({ name: 'ws://[::1]:9', url: 'ws://[::1]:9', exec: 'node app.js' });
    const built = planOn(foreign, ackRoundtrip, { direction: 'server' });
    expect(built).toMatchObject({
      scenario: 'ack-roundtrip',
      scenarioOptions: { direction: 'server' },
      target: foreign,
      thresholds: [],
    });
  });

  it('has a maximum length: connecting, the longest warm-up, the whole drain, and 3 s around them', () => {
    const given = {
      clients: '1000',
      connectRate: '500/s',
      warmup: '1s',
      warmupMax: '4s',
      duration: '8s',
      drain: '2s',
    };
    expect(maxRunMs(plan(given))).toBe(2000 + 4000 + 8000 + 2000 + 3000);
  });

  it('takes its duration from the stages of a rate profile', () => {
    expect(plan({ rate: '10s@50/s,20s@50..500/s' })).toMatchObject({
      durationMs: 30_000,
      profile: [
        { durationMs: 10_000, fromHz: 50, toHz: 50 },
        { durationMs: 20_000, fromHz: 50, toHz: 500 },
      ],
    });
  });

  it('holds a plain rate for the duration', () => {
    expect(plan({ rate: '30/m', duration: '4s' }).profile).toEqual([
      { durationMs: 4_000, fromHz: 0.5, toHz: 0.5 },
    ]);
  });

  it('lets the maximum warm-up grow with the minimum when it was not given', () => {
    expect(plan({ warmup: '20s' })).toMatchObject({ warmupMs: 20_000, warmupMaxMs: 20_000 });
  });

  it.each([
    ['text', '48B', 48],
    ['binary', '36B', 36],
  ])('accepts the smallest %s payload, %s', (payloadType, payload, payloadBytes) => {
    expect(plan({ payloadType, payload }).payloadBytes).toBe(payloadBytes);
  });

  it.each<[GivenOptions, string, string]>([
    [{ clients: '0' }, 'BAD_OPTION', '--clients: "0" is not a whole number from 1 to 100000'],
    [{ clients: '100001' }, 'BAD_OPTION', '--clients: "100001" is not a whole number from 1 to 100000'],
    [{ workers: '0' }, 'BAD_OPTION', '--workers: "0" is not a whole number from 1 to 256'],
    [{ seed: '-1' }, 'BAD_OPTION', '--seed: "-1" is not a whole number from 0 to 2147483647'],
    [
      { transport: 'carrier-pigeon' },
      'BAD_OPTION',
      '--transport: "carrier-pigeon" is not one of websocket, polling, upgrade, short-polling, long-polling',
    ],
    [{ arrival: 'bursty' }, 'BAD_OPTION', '--arrival: "bursty" is not one of constant, poisson'],
    [{ payloadType: 'blob' }, 'BAD_OPTION', '--payload-type: "blob" is not one of text, binary'],
    [{ pin: 'yes' }, 'BAD_OPTION', '--pin: "yes" is not one of on, off'],
    [{ payload: '0B' }, 'BAD_OPTION', '--payload: "0B" is not above 0'],
    [{ duration: '0s' }, 'BAD_OPTION', '--duration: "0s" is not above 0'],
    [{ lateAfter: '0ms' }, 'BAD_OPTION', '--late-after: "0ms" is not above 0'],
    [{ connectTimeout: '0ms' }, 'BAD_OPTION', '--connect-timeout: "0ms" is not above 0'],
    [{ connectRate: '0/s' }, 'BAD_OPTION', '--connect-rate: "0/s" is not above 0'],
    [
      { duration: '10' },
      'BAD_QUANTITY',
      '--duration: "10" has no unit; a duration is a number and one of the units ns, us, ms, s, m, h',
    ],
    [
      { warmup: 'long' },
      'BAD_QUANTITY',
      '--warmup: "long" is not a duration; a duration is a number and one of the units ns, us, ms, s, m, h',
    ],
    [
      { drain: '5 sec' },
      'BAD_QUANTITY',
      '--drain: "5 sec" is not a duration; a duration is a number and one of the units ns, us, ms, s, m, h',
    ],
    [
      { payload: '64' },
      'BAD_QUANTITY',
      '--payload: "64" has no unit; a size is a number and one of the units B, kB, MB, KiB, MiB',
    ],
    [
      { rate: '100' },
      'BAD_QUANTITY',
      '--rate: "100" has no unit; a rate is a number and one of the units /s, /m, /h',
    ],
    [
      { rate: '10s@5/s,10@5/s' },
      'BAD_QUANTITY',
      '--rate: "10" has no unit; a duration is a number and one of the units ns, us, ms, s, m, h',
    ],
    [{ rate: '0/s' }, 'BAD_RATE', '--rate: "0/s" has no messages'],
    [
      { rate: '10s@' },
      'BAD_RATE',
      '--rate: "10s@" is not a stage; a stage is a duration, "@" and a rate or a range of rates',
    ],
    [
      { rate: '10s@5/s', duration: '10s' },
      'RATE_AND_DURATION',
      '--duration 10s contradicts the profile --rate 10s@5/s, whose stages have their own durations',
    ],
    [
      { payload: '47B' },
      'PAYLOAD_TOO_SMALL',
      '--payload 47B has no room for the time stamp; the minimum for text is 48B',
    ],
    [
      { payload: '35B', payloadType: 'binary' },
      'PAYLOAD_TOO_SMALL',
      '--payload 35B has no room for the time stamp; the minimum for binary is 36B',
    ],
    [{ warmupMax: '1s' }, 'WARMUP_RANGE', '--warmup-max 1s is less than --warmup 2s'],
    [{ warmup: '5s', warmupMax: '4s' }, 'WARMUP_RANGE', '--warmup-max 4s is less than --warmup 5s'],
    [{ publishers: 'all' }, 'BAD_OPTION', '--publishers: "all" is not a whole number from 1 to 1000000'],
    [{ publishers: '201' }, 'TOO_MANY', '--publishers 201 is more than the 200 clients'],
    [
      { clients: '1', excludeSender: 'true' },
      'NO_RECEIVERS',
      'with --clients 1, no client would receive a message of broadcast-latency',
    ],
  ])('is refused for %j with %s', (given, code, message) => {
    const error = thrownBy(() => plan(given));
    expect(error).toMatchObject({ code, message, exitCode: 2 });
    expect(error.hint).not.toBe('');
  });

  it('needs no receivers for steps, which may only send requests', () => {
    const asking = defineScenario({
      name: 'asking',
      summary: '',
      headline: 'iteration',
      options: {},
      layout: (_options, clients) => ({
        rooms: everyClient(clients).map(() => []),
        streams: [{ sender: 0, operation: { kind: 'steps' }, receivers: [] }],
      }),
      steps: (user) => user.request(),
    });
    expect(plan({ clients: '2' }, asking).clients).toBe(2);
  });

  it('is refused when the rooms have no other member than the excluded sender', () => {
    expect(
      thrownBy(() => plan({ clients: '4', rooms: '4', excludeSender: 'true' }, roomFanout)),
    ).toMatchObject({ code: 'NO_RECEIVERS' });
  });
});
