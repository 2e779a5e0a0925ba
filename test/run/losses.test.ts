import { describe, expect, it } from 'vitest';
import { ackRoundtrip } from '../../scenarios/ack-roundtrip.ts';
import { broadcastLatency } from '../../scenarios/broadcast-latency.ts';
import { roomFanout } from '../../scenarios/room-fanout.ts';
import type { Scenario } from '../../src/contract/scenario.ts';
import type { Stamp } from '../../src/measure/stamp.ts';
import { FakeRun, type FakeRunOptions, planFake } from '../support/fake-run.ts';
import type { Network } from '../support/fake-server.ts';

/** 100 measured messages of client 0, unless there are more publishers, after 1 s of warm-up. */
const LOAD = { rate: '50/s', duration: '2s', clients: '6' };

async function findingsOf(
  scenario: Scenario,
  network: Network,
  { given = {}, ...more }: Partial<FakeRunOptions> & { readonly given?: Record<string, string> } = {},
): Promise<string[]> {
  const planned = planFake(scenario, { ...LOAD, ...given });
  const { findings } = await new FakeRun({ planned, behavior: { network }, ...more }).run();
  return findings.map(({ code, message }) => `${code}: ${message}`);
}

/** The network of a server that sends a message from `sender` to `receiver` only where `connects` says so. */
const between =
  (senderOf: (stamp: Stamp) => number, connects: (sender: number, receiver: number) => boolean): Network =>
  ({ receiver, stamp }) =>
    stamp === null || connects(senderOf(stamp), receiver) ? [1] : [];

describe('lost messages', () => {
  it("are the senders' own copies where the server leaves out the sender", async () => {
    const network = between(
      ({ stream }) => stream,
      (sender, receiver) => sender !== receiver,
    );
    expect(await findingsOf(broadcastLatency, network, { given: { publishers: '2' } })).toEqual([
      "sender_excluded: 100 messages lost, all of them the senders' own copies: the server does not send a message to its sender",
      'imperfect_delivery: 100 of 600 messages lost',
    ]);
  });

  it('lie between the processes of a server that are not connected', async () => {
    const network = between(
      ({ stream }) => stream,
      (sender, receiver) => sender % 2 === receiver % 2,
    );
    expect(await findingsOf(broadcastLatency, network, { given: { publishers: '3' } })).toEqual([
      'lost_between_processes: 300 messages lost, all of them to the same clients: of 5 receivers beside the sender, 2 got every message and 3 got none',
      'imperfect_delivery: 300 of 600 messages lost',
    ]);
  });

  it('are the first ones of clients that the server joins late', async () => {
    // 1 s of warm-up, and the first half second of the measured time.
    const network: Network = ({ receiver, stamp }) =>
      receiver === 5 && (stamp?.measured !== true || stamp.seq < 25) ? [] : [1];
    expect(await findingsOf(roomFanout, network, { given: { rooms: '1' } })).toEqual([
      'lost_after_joining: 25 messages lost, all of them in the first 1.50 s after clients had joined; they got everything later',
      'imperfect_delivery: 25 of 600 messages lost',
    ]);
  });

  it.each<{ what: string; network: Network; scenario?: Scenario }>([
    {
      what: 'some messages are missing at a client',
      network: ({ receiver, stamp }) => (receiver === 3 && (stamp?.seq ?? 0) % 10 === 4 ? [] : [1]),
    },
    {
      what: 'a client misses its own copies and one of another',
      network: ({ receiver, stamp }) =>
        stamp?.measured === true && (receiver === 0 || (receiver === 1 && stamp.seq === 4)) ? [] : [1],
    },
    {
      what: 'nothing arrives at all',
      network: ({ stamp }) => (stamp?.measured === true ? [] : [1]),
    },
    {
      what: 'requests stay unanswered',
      scenario: ackRoundtrip,
      network: ({ receiver, stamp }) => (stamp?.measured === true && receiver === 0 ? [] : [1]),
    },
  ])('have nothing in common where $what', async ({ network, scenario = broadcastLatency }) => {
    const found = await findingsOf(scenario, network);
    expect(found.filter((finding) => /^(sender_excluded|lost_)/.test(finding))).toEqual([]);
    expect(found.join()).toContain('lost');
  });
});
