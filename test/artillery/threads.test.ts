import { describe, expect, it } from 'vitest';
import type { ControlMessage } from '../../src/artillery/channel.ts';
import { parseFlow } from '../../src/artillery/flow-parser.ts';
import { GatheredRun } from '../../src/artillery/gathered.ts';
import { UserRendezvous } from '../../src/artillery/meeting.ts';
import { resultOfArtillery } from '../../src/artillery/result.ts';
import { planScript } from '../../src/artillery/settings.ts';
import { SharedSchedules } from '../../src/artillery/shared-schedules.ts';
import { Staying } from '../../src/artillery/staying.ts';
import { ThreadRun } from '../../src/artillery/thread.ts';
import { type ThreadHost, threadParts } from '../../src/artillery/thread-parts.ts';
import { FlowUser } from '../../src/artillery/user.ts';
import { loadTarget } from '../../src/generator/target.ts';
import { NO_TRAFFIC } from '../../src/measure/traffic.ts';
import { noAffinity } from '../../src/run/affinity.ts';
import { readEnvironment } from '../../src/run/environment.ts';
import { FakeConnection } from '../generator/fake-connection.ts';
import { idleLoop, MADE_CLOCK, VirtualTime } from '../support/virtual-time.ts';

type Delivery = (
  message: unknown,
  index: number,
  receivers: readonly FakeConnection[],
  everyone: readonly FakeConnection[],
) => void;

/** A chat server without sockets: it acknowledges everything after 1 ms, and hands what is published to `deliver`. */
class FakeChat {
  readonly connections: FakeConnection[] = [];
  readonly rooms = new Map<FakeConnection, readonly string[]>();
  #published = 0;

  connect(time: VirtualTime, deliver: Delivery): FakeConnection {
    const connection = new FakeConnection();
    this.connections.push(connection);
    connection.emit = (_event, data) => {
      const { message, chatId } = data as { message: string; chatId?: string };
      const members = this.connections.filter(
        (each) => !each.closed && (chatId === undefined || this.rooms.get(each)?.includes(chatId) === true),
      );
      const index = message.startsWith('sbm') ? this.#published++ : -1;
      time.after(1, () => deliver(message, index, members, this.connections));
    };
    connection.request = (event, data, onReply) => {
      if (event === 'enter_chat') this.rooms.set(connection, data as string[]);
      time.after(1, () => onReply(data));
    };
    return connection;
  }
}

const toAll: Delivery = (message, _index, receivers) => {
  for (const receiver of receivers) receiver.receive('receive_message', message);
};

function hostIn(time: VirtualTime): ThreadHost {
  const sample = {
    lengthMs: 1000,
    cpuMs: 1,
    loopUtilization: 0.1,
    pacingShare: 0,
    runQueueWaitMs: 0,
    loopDelayP50Ns: 0,
    loopDelayP99Ns: 0,
    loopDelayMaxNs: 0,
    gcCount: 0,
    gcTotalMs: 0,
    gcMaxMs: 0,
    rssBytes: 1,
    heapUsedBytes: 1,
    heapAfterGcBytes: null,
    bufferedBytes: null,
  };
  const telemetry = { sample: () => ({ atNs: time.nowNs(), ...sample }) };
  return {
    clock: time,
    timers: time,
    loop: idleLoop(time),
    telemetry,
    traffic: { take: () => NO_TRAFFIC, notePoll() {} },
  };
}

/** Runs a flow by so many users in each of two threads, in virtual time; resolves to the result and the failures. */
async function runInTwoThreads(flow: unknown[], usersOfThread: number, deliver: Delivery = toAll) {
  const scenarios = [{ name: 'all', engine: 'sockbench', flow }];
  const script = {
    config: { target: 'ws://127.0.0.1:1', engines: { sockbench: { drain: '1s' } } },
    scenarios,
  };
  const { plan, scenario } = await planScript(script);
  const target = await loadTarget(plan);
  const [time, chat] = [new VirtualTime(1e9, 40_000), new FakeChat()];
  const gathered = new GatheredRun(plan, [1, 2], 1000);
  const threads: ThreadRun[] = [];
  const post = (message: ControlMessage) =>
    time.soon(() => {
      for (const thread of threads) thread.handle(message);
    });
  const rendezvous = new UserRendezvous(time, post);
  const progress = () => gathered.progress();
  const staying = new Staying({
    post,
    clock: time,
    timers: time,
    phases: 1,
    progress,
    drainMs: () => plan.drainMs,
  });
  const control = (message: ControlMessage) => {
    if (message.type === 'waiting') rendezvous.wait(message);
    if (message.type === 'gave-up') rendezvous.giveUp(message);
    if (message.type === 'status') staying.noteStatus(message);
  };
  for (const number of [1, 2]) {
    const parts = threadParts(plan, target, 7, hostIn(time));
    const report = (message: Parameters<GatheredRun['take']>[1]) => gathered.take(number, message);
    threads.push(new ThreadRun(parts, number, { control, report, onReport: () => {} }));
  }
  const failures: string[] = [];
  const users = threads.flatMap((thread) => {
    const schedules = new SharedSchedules(thread);
    const fill = (value: unknown) => value;
    const host = {
      connect: () => time.sleep(1).then(() => chat.connect(time, deliver)),
      fill,
      log: () => {},
      vars: {},
    };
    return Array.from({ length: usersOfThread }, () => {
      const user = new FlowUser(thread, schedules, host);
      return user.run(parseFlow(flow, 'all')).catch((error: Error) => void failures.push(error.message));
    });
  });
  staying.notePhaseCompleted();
  await time.run(Promise.all(users));
  for (const thread of threads) thread.finish();
  const affinity = noAffinity(2);
  const undisturbed = { stealRatio: null, serverStealRatio: null, throttledMs: null, cpuPressureRatio: null };
  const result = resultOfArtillery({
    plan,
    scenario,
    gathered,
    startedAt: new Date(),
    clock: MADE_CLOCK,
    environment: readEnvironment([], affinity, undisturbed, process.cwd()),
    abortReasons: [],
    notes: [],
    pid: 1,
    timing: { startMs: 0, connectMs: 0, warmupMs: 0, drainMs: 0, collectMs: 0 },
  });
  return { result, failures };
}

const BROADCAST = [
  { rendezvous: 6 },
  { publish: { rate: '100/s', for: '2s', warmup: '1s', users: 1 } },
  'stay',
];

describe('users in two threads', () => {
  it('make one result, whose latencies are those of the server', async () => {
    const { result, failures } = await runInTwoThreads(BROADCAST, 3);
    expect(failures).toEqual([]);
    expect(result.invalid).toEqual([]);
    expect(result.ledger).toMatchObject({
      expected: 1200,
      delivered: 1200,
      lost: 0,
      duplicated: 0,
      unexpected: 0,
    });
    expect(result.rate).toMatchObject({ intended: 200, sent: 200, intendedHz: 100 });
    expect(result.samples).toEqual({ unit: 'broadcast', count: 200, incomplete: 0 });
    expect(result.plan).toMatchObject({ clients: 6, workers: 2, durationMs: 2000, warmupMs: 1000 });
    expect(result.series['delivery']?.count).toBe(1200);
    expect(result.series['delivery']?.meanNs).toBeCloseTo(1e6, -5);
    expect(result.intervals.slice(0, 2)).toMatchObject([
      { startMs: 0, sent: 100, expected: 600, delivered: 600 },
      { startMs: 1000, sent: 100, expected: 600, delivered: 600 },
    ]);
  });

  it('lose and duplicate exactly what the server loses and duplicates', async () => {
    const { result } = await runInTwoThreads(BROADCAST, 3, (message, index, receivers) => {
      const [first, ...others] = receivers;
      if (index % 10 !== 3) first?.receive('receive_message', message);
      toAll(message, index, others, []);
      if (index % 20 === 5) toAll(message, index, others.slice(0, 1), []);
    });
    expect(result.ledger).toMatchObject({
      expected: 1200,
      delivered: 1180,
      lost: 20,
      duplicated: 10,
      unknown: 0,
    });
    expect(result.samples).toEqual({ unit: 'broadcast', count: 200, incomplete: 20 });
    expect(result.findings).toMatchObject([{ code: 'imperfect_delivery' }]);
  });

  it('share a schedule in turn, and wait for replies', async () => {
    const flow = [{ rendezvous: 4 }, { request: { rate: '40/s', for: '1s', users: 'all' } }, 'stay'];
    const { result, failures } = await runInTwoThreads(flow, 2);
    expect(failures).toEqual([]);
    expect(result).toMatchObject({
      headline: 'ack',
      ledger: { expected: 40, delivered: 40, lost: 0 },
      samples: { unit: 'request', count: 40 },
    });
  });

  it('come and go: each expects what was sent while it was a member', async () => {
    const flow = [{ join: 'lobby' }, { think: 1 }, { loop: [{ publish: 'lobby' }, { think: 1 }], count: 3 }];
    const { result, failures } = await runInTwoThreads(flow, 2);
    expect(failures).toEqual([]);
    // All four join and leave at the same time, so that all expect all 12 messages.
    expect(result.ledger).toMatchObject({ expected: 48, delivered: 48, lost: 0, unexpected: 0 });
  });

  it('fail when too few of them reach a rendezvous, and nothing is sent', async () => {
    const flow = [
      { rendezvous: { users: 7, timeout: '2s' } },
      { publish: { rate: '9/s', for: '1s', users: 1 } },
    ];
    const { result, failures } = await runInTwoThreads(flow, 3);
    expect(failures).toEqual(Array(6).fill('fewer than 7 users reached the rendezvous within 2 s'));
    expect(result.rate.sent).toBe(0);
    expect(result.invalid.map(({ code }) => code)).toEqual(['too_few_samples']);
  });

  it('count a message that reaches users of another room as unexpected', async () => {
    const flow = [{ join: 'lobby' }, { think: 1 }, { publish: 'news' }, { think: 1 }];
    const { result } = await runInTwoThreads(flow, 1, (message, index, _receivers, everyone) =>
      toAll(message, index, everyone, everyone),
    );
    expect(result.ledger).toMatchObject({ expected: 0, delivered: 0, lost: 0, unexpected: 4 });
  });
});
