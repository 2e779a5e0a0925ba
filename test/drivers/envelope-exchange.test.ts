import { afterEach, expect, it, vi } from 'vitest';
import type { Envelope } from '../../src/contract/protocol.ts';
import { EnvelopeExchange, PendingReplies } from '../../src/drivers/envelope-exchange.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** An exchange over nothing. */
class Exchange extends EnvelopeExchange {
  readonly sent: Envelope[] = [];

  protected override send(envelope: Envelope): void {
    this.sent.push(envelope);
  }

  override receive(envelope: Envelope): void {
    super.receive(envelope);
  }
}

function start() {
  const exchange = new Exchange();
  return { sent: exchange.sent, exchange };
}

it('hands an event to all of its handlers, and to none that was removed', () => {
  const { exchange } = start();
  const heard: unknown[] = [];
  exchange.on('a', (data) => heard.push(['first', data]));
  const stop = exchange.on('a', (data) => {
    heard.push(['once', data]);
    stop();
  });
  exchange.on('a', (data) => heard.push(['last', data]));
  for (const data of [1, 2]) exchange.receive({ event: 'a', data });
  expect(heard).toEqual([
    ['first', 1],
    ['once', 1],
    ['last', 1],
    ['first', 2],
    ['last', 2],
  ]);
});

it.each(['nonesuch', 'error', '__proto__'])('drops an event called %s without a handler', (event) => {
  const { sent, exchange } = start();
  exchange.receive({ event, data: 1 });
  exchange.receive({ event, data: 1, id: 1 });
  expect(sent).toEqual([]);
});

it('gives each request its own reply, once', () => {
  const { sent, exchange } = start();
  const replies: unknown[] = [];
  for (const name of ['a', 'b']) exchange.request('ask', name, (reply) => replies.push([name, reply]));
  expect(sent.map(({ event, data }) => [event, data])).toEqual([
    ['ask', 'a'],
    ['ask', 'b'],
  ]);
  for (const { data, id } of sent.toReversed()) {
    exchange.receive({ event: 'ask', data: `re ${data}`, ack: id ?? -1 });
    exchange.receive({ event: 'ask', data: 'again', ack: id ?? -1 });
  }
  exchange.receive({ event: 'ask', data: 'unrequested', ack: 99 });
  expect(replies).toEqual([
    ['b', 're b'],
    ['a', 're a'],
  ]);
});

it('answers what the server asks', () => {
  const { sent, exchange } = start();
  exchange.answer('ask', (data) => `${data}!`);
  exchange.receive({ event: 'ask', data: 'you', id: 7 });
  expect(sent).toEqual([{ event: 'ask', data: 'you!', ack: 7 }]);
});

it('removes one entry of a handler that was added twice', () => {
  const { exchange } = start();
  let calls = 0;
  const count = () => {
    calls += 1;
  };
  exchange.on('a', count);
  exchange.on('a', count)();
  exchange.receive({ event: 'a' });
  expect(calls).toBe(1);
});

it('forgets requests that stay without a reply, so that they do not pile up', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const pending = new PendingReplies(1000);
  const replies: string[] = [];
  const ids = ['a', 'b'].map((name) => pending.add(() => replies.push(name)));
  vi.advanceTimersByTime(1001);
  const late = pending.add(() => replies.push('c'));
  for (const id of [...ids, late]) pending.settle(id);
  expect(replies).toEqual(['c']);
});
