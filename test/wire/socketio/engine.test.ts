import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EngineSession } from '../../../src/wire/socketio/engine.ts';
import type { Arrival } from '../../../src/wire/sockets/stream.ts';

const ARRIVAL = { receivedNs: 0, sinceNs: 0, uncertaintyNs: 0 } as Arrival;
const OPEN = '0{"sid":"a","upgrades":[],"pingInterval":1000,"pingTimeout":500,"maxPayload":100}';

/** A session, and what happens to it. */
function startSession(): { session: EngineSession; seen: unknown[]; take: (text: string) => void } {
  const seen: unknown[] = [];
  const session = new EngineSession({
    sendText: (text) => seen.push(['sent', text]),
    onEngineOpen: (open) => seen.push(['open', open.maxPayloadBytes]),
    onEngineMessage: (kind, bytes) => seen.push([kind, bytes.toString()]),
    onEngineProblem: (problem) => seen.push(problem),
  });
  return { session, seen, take: (text) => session.receive('text', Buffer.from(text), ARRIVAL) };
}

/** The passes of the event loop that a session waits for what has arrived. */
async function passes(): Promise<void> {
  for (let pass = 0; pass < 4; pass++) await new Promise<void>((resolve) => setImmediate(resolve));
}

describe('a connection of Engine.IO', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('answers each ping, and hands messages on', () => {
    const { session, seen, take } = startSession();
    for (const text of [OPEN, '2', '4hello', '6', '4', '2probe', '1']) take(text);
    session.receive('binary', Buffer.from([1]), ARRIVAL);
    session.send('hi');
    session.end();
    expect(seen).toEqual([
      ['open', 100],
      ['sent', '3'],
      ['text', 'hello'],
      ['text', ''],
      ['sent', '3'],
      ['binary', '\x01'],
      ['sent', '4hi'],
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is given up when no ping has come for the interval and the timeout, by one timer', async () => {
    const { seen, take } = startSession();
    take(OPEN);
    for (const _ of [1, 2, 3]) {
      vi.advanceTimersByTime(1499);
      take('2');
      expect(vi.getTimerCount()).toBe(1);
    }
    seen.length = 0;
    vi.advanceTimersByTime(1499);
    await passes();
    expect(seen).toEqual([]);
    vi.advanceTimersByTime(1);
    await passes();
    expect(seen).toEqual([{ kind: 'ping timeout' }]);
    take('2');
    take('4late');
    vi.advanceTimersByTime(3000);
    await passes();
    expect(seen).toHaveLength(1);
  });

  it('goes on when the ping was among what had arrived', async () => {
    const { seen, take } = startSession();
    take(OPEN);
    vi.advanceTimersByTime(1500);
    take('2');
    await passes();
    expect(seen).toEqual([
      ['open', 100],
      ['sent', '3'],
    ]);
    vi.advanceTimersByTime(1500);
    await passes();
    expect(seen.at(-1)).toEqual({ kind: 'ping timeout' });
  });

  it('takes the times of a later open packet', async () => {
    const { seen, take } = startSession();
    take(OPEN);
    take(OPEN.replace('1000', '9000'));
    vi.advanceTimersByTime(9499);
    await passes();
    expect(seen).toEqual([['open', 100]]);
    vi.advanceTimersByTime(1);
    await passes();
    expect(seen.at(-1)).toEqual({ kind: 'ping timeout' });
  });

  it.each(['2', '4hello', '6', '9', '', '0', '0null'])('must begin with an open packet: %j', (text) => {
    const { seen, take } = startSession();
    take(text);
    expect(seen).toEqual([{ kind: 'no open packet' }]);
    take(OPEN);
    expect(seen).toHaveLength(1);
  });

  it.each<[unknown, number | null]>([
    [0, null],
    [-5, null],
    ['1e6', null],
    [null, null],
    [1, 1],
    [1e300, 1e300],
  ])('takes a maxPayload of %j as a limit of %j', (maxPayload, limit) => {
    const { session, take } = startSession();
    take(OPEN.replace('"maxPayload":100', `"maxPayload":${JSON.stringify(maxPayload)}`));
    expect(session.open?.maxPayloadBytes).toBe(limit);
    session.end();
  });
});
