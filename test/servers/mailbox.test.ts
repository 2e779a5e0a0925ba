import { expect, it } from 'vitest';
import { type Batch, Mailbox } from '../../servers/http-polling/mailbox.ts';

/** A mailbox, its time, and what polls were answered, in order. */
function open() {
  const time = { nowMs: 0 };
  const answers: Batch[] = [];
  const mailbox = new Mailbox(() => time.nowMs);
  const poll = (after: number, waitMs = 0) => {
    const answer = (batch: Batch) => answers.push(batch);
    mailbox.poll(after, waitMs, answer);
    return answer;
  };
  return { time, answers, mailbox, poll };
}

const NEVER_MS = 1e6;

it('returns the messages after the one that the client has, in order', () => {
  const { answers, mailbox, poll } = open();
  poll(0);
  for (const message of ['a', 'b']) mailbox.put(message);
  poll(0);
  mailbox.put('c');
  poll(2);
  poll(3);
  expect(answers).toEqual([
    { last: 0, messages: [] },
    { last: 2, messages: ['a', 'b'] },
    { last: 3, messages: ['c'] },
    { last: 3, messages: [] },
  ]);
});

it('returns unconfirmed messages again', () => {
  const { answers, mailbox, poll } = open();
  for (const message of ['a', 'b']) mailbox.put(message);
  poll(0);
  mailbox.put('c');
  poll(1);
  expect(answers).toEqual([
    { last: 2, messages: ['a', 'b'] },
    { last: 3, messages: ['b', 'c'] },
  ]);
});

it.each([-1, 2, 0.5, Number.NaN])('rejects a poll after message %d of one', (after) => {
  const { answers, mailbox, poll } = open();
  mailbox.put('a');
  expect(() => poll(after)).toThrow(RangeError);
  poll(0);
  expect(answers).toEqual([{ last: 1, messages: ['a'] }]);
});

it('rejects a poll after a message before the last confirmed one', () => {
  const { mailbox, poll } = open();
  mailbox.put('a');
  poll(1);
  expect(() => poll(0)).toThrow('no message has number 0');
});

it('answers a waiting poll with the first message', () => {
  const { answers, mailbox, poll } = open();
  poll(0, NEVER_MS);
  expect(answers).toEqual([]);
  mailbox.put('a');
  mailbox.put('b');
  expect(answers).toEqual([{ last: 1, messages: ['a'] }]);
  poll(1, NEVER_MS);
  expect(answers[1]).toEqual({ last: 2, messages: ['b'] });
});

it('answers a waiting poll with no message when another poll comes, and at the end', () => {
  const { answers, mailbox, poll } = open();
  poll(0, NEVER_MS);
  poll(0, NEVER_MS);
  expect(answers).toEqual([{ last: 0, messages: [] }]);
  mailbox.close();
  expect(answers).toHaveLength(2);
});

it('keeps the messages that come after a waiting poll was aborted', () => {
  const { answers, mailbox, poll } = open();
  mailbox.cancel(poll(0, NEVER_MS));
  mailbox.put('a');
  expect(answers).toEqual([]);
  poll(0);
  expect(answers).toEqual([{ last: 1, messages: ['a'] }]);
});

it('counts the client as silent from the last answer on, but not while a poll waits', () => {
  const { time, mailbox, poll } = open();
  time.nowMs = 100;
  expect(mailbox.silentMs()).toBe(100);
  poll(0);
  expect(mailbox.silentMs()).toBe(0);
  time.nowMs = 150;
  expect(mailbox.silentMs()).toBe(50);
  const answer = poll(0, NEVER_MS);
  time.nowMs = 500;
  expect(mailbox.silentMs()).toBe(0);
  mailbox.put('a');
  time.nowMs = 510;
  expect(mailbox.silentMs()).toBe(10);
  mailbox.cancel(answer);
  expect(mailbox.silentMs()).toBe(10);
});
