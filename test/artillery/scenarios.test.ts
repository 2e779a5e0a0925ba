import { describe, expect, it } from 'vitest';
import { artilleryScenarios } from '../../scripts/artillery/catalog.ts';
import { skipWhenMissing } from '../support/need.ts';
import { type CountedServer, countedSocketio, countedWs } from './counted-servers.ts';
import { ARTILLERY_TEST, missingArtillery, runArtillery } from './run-artillery.ts';

skipWhenMissing(missingArtillery);

/** What the files say: users, events to the server, and events to clients where they do not depend on time. */
const WORKLOADS = {
  'ack-roundtrip': { users: 20, received: { hello: 20 * 20 }, sent: {} },
  'broadcast-latency': {
    users: 10,
    received: { send_message: 10 * 10 },
    sent: { receive_message: 10 * 10 * 10 },
  },
  'room-fanout': {
    users: 12,
    received: { enter_chat: 12, send_message: 12 * 10 },
    sent: { receive_message: 12 * 10 * 4 },
  },
  // 2 users of the first phase, 6 of the ramp from 1 to 5 per second, 8 of the last phase.
  chat: { users: 16, received: { enter_chat: 16, send_message: 16 * 3 }, sent: null },
} as const;

/** What Artillery records of a workload: names of its summaries with the number of values. */
const RECORDED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'socketio/ack-roundtrip': { 'socketio.response_time': 400 },
  'socketio/broadcast-latency': { 'socketio.response_time': 100, 'broadcast.delivery_time': 1000 },
  'socketio/room-fanout': { 'socketio.response_time': 132, 'broadcast.delivery_time': 480 },
  // Artillery 2.0.34 records each of the 48 responses twice.
  'socketio/chat': { 'socketio.response_time': 16 + 2 * 48 },
  'socketio-v3/ack-roundtrip': { 'ack.round_trip': 400 },
  'socketio-v3/broadcast-latency': { 'broadcast.delivery_time': 1000 },
  'socketio-v3/room-fanout': { 'broadcast.delivery_time': 480 },
  'socketio-v3/chat': {},
  'ws/ack-roundtrip': { 'ack.round_trip': 400 },
  'ws/broadcast-latency': { 'broadcast.delivery_time': 1000 },
  'ws/room-fanout': { 'broadcast.delivery_time': 480 },
  'ws/chat': {},
};

/** A run takes 2 s of CPU time, so CI has each engine once; ALL_ARTILLERY=1 runs all. */
const IN_CI = ['socketio/chat', 'socketio-v3/room-fanout', 'ws/broadcast-latency'];
const names = process.env['ALL_ARTILLERY'] === '1' ? Object.keys(RECORDED) : IN_CI;
const all = artilleryScenarios();

describe('the server counts what the file says', ARTILLERY_TEST, () => {
  it.concurrent.each(names)('%s', async (name) => {
    const scenario = all.find((each) => each.name === name);
    const workload = Object.entries(WORKLOADS).find(([workload]) => name.endsWith(`/${workload}`))?.[1];
    if (scenario === undefined || workload === undefined) throw new Error(`there is no ${name}`);
    const { users, received, sent } = workload;
    const server: CountedServer = await (scenario.server === 'ws' ? countedWs() : countedSocketio());
    const { code, output, counters, summaries } = await runArtillery(scenario.file, server.url);
    await server.close();

    expect({ code, errors: /^errors\..*$/gm.exec(output) }).toEqual({ code: 0, errors: null });
    expect(server.counts).toMatchObject({ connections: users, clients: users, received });
    if (sent !== null) expect(server.counts.sent).toEqual(sent);
    expect(counters).toMatchObject({
      'vusers.created': users,
      'vusers.completed': users,
      'vusers.failed': 0,
    });
    const { 'vusers.session_length': sessions, ...others } = summaries;
    expect(sessions?.count).toBe(users);
    const recorded = Object.entries(others).map(([summary, { count }]) => [summary, count]);
    expect(Object.fromEntries(recorded)).toEqual(RECORDED[name]);
  });
});
