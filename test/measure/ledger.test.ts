import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DeliveryAccount } from '../../src/measure/delivery-account.ts';
import { Ledger } from '../../src/measure/ledger.ts';
import { heapGrowthBytes } from '../garbage.ts';

type Fate = 'arrives' | 'dropped' | 'twice' | 'swapped with the next';

/** In which order the numbers of messages arrive, given the fate of each. */
function arrivals(fates: readonly Fate[]): number[] {
  const order = fates.flatMap((fate, seq) => {
    if (fate === 'dropped') return [];
    return fate === 'twice' ? [seq, seq] : [seq];
  });
  for (const [seq, fate] of fates.entries()) {
    const at = order.indexOf(seq);
    const next = order[at + 1];
    if (fate === 'swapped with the next' && next !== undefined) order.splice(at, 2, next, seq);
  }
  return order;
}

/** The definitions, word by word, with everything remembered. */
function countByDefinition(order: readonly number[]) {
  const counts = { delivered: 0, duplicated: 0, reordered: 0 };
  const seen: number[] = [];
  for (const seq of order) {
    if (seen.includes(seq)) counts.duplicated += 1;
    else {
      counts.delivered += 1;
      if (seen.some((earlier) => earlier > seq)) counts.reordered += 1;
    }
    seen.push(seq);
  }
  return counts;
}

function countByAccount(order: readonly number[]) {
  const account = new DeliveryAccount();
  for (const seq of order) account.receive(seq);
  const { delivered, duplicated, reordered } = account;
  return { delivered, duplicated, reordered };
}

const fates = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constant<Fate>('arrives') },
    { weight: 1, arbitrary: fc.constant<Fate>('dropped') },
    { weight: 1, arbitrary: fc.constant<Fate>('twice') },
    { weight: 1, arbitrary: fc.constant<Fate>('swapped with the next') },
  ),
  { maxLength: 120 },
);

describe('an account', () => {
  it('counts drops, duplicates and adjacent swaps as their definitions say', () => {
    fc.assert(
      fc.property(fates, (given) => {
        const order = arrivals(given);
        expect(countByAccount(order)).toEqual(countByDefinition(order));
      }),
      { numRuns: 300 },
    );
  });

  it('counts any order of arrival as the definitions say', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 40 }), { maxLength: 120 }), (order) => {
        expect(countByAccount(order)).toEqual(countByDefinition(order));
      }),
      { numRuns: 300 },
    );
  });

  it.each<[string, number[], object]>([
    ['nothing', [], { delivered: 0, duplicated: 0, reordered: 0 }],
    ['all in order', [0, 1, 2, 3], { delivered: 4, duplicated: 0, reordered: 0 }],
    ['the first lost', [1, 2], { delivered: 2, duplicated: 0, reordered: 0 }],
    ['two swapped', [0, 2, 1, 3], { delivered: 4, duplicated: 0, reordered: 1 }],
    ['one twice at once', [0, 1, 1, 2], { delivered: 3, duplicated: 1, reordered: 0 }],
    ['one twice, the copy late', [0, 1, 2, 1], { delivered: 3, duplicated: 1, reordered: 0 }],
    ['a straggler twice', [1, 0, 0], { delivered: 2, duplicated: 1, reordered: 1 }],
    ['all backwards', [3, 2, 1, 0], { delivered: 4, duplicated: 0, reordered: 3 }],
  ])('of %s', (_, order, expected) => {
    expect(countByAccount(order)).toEqual(expected);
  });

  it('says of each message what it was', () => {
    const account = new DeliveryAccount();
    expect([2, 0, 2, 1, 0, 3].map((seq) => account.receive(seq))).toEqual([
      'first',
      'reordered',
      'duplicate',
      'reordered',
      'duplicate',
      'first',
    ]);
  });

  it.each<[string, (seq: number) => number]>([
    ['in order', (seq) => seq],
    // 1 0 3 2 5 4 ...
    ['with each pair swapped', (seq) => seq ^ 1],
  ])('remembers nothing of a million messages that all arrived, %s', (_, seqOf) => {
    const account = new DeliveryAccount();
    const grownBytes = heapGrowthBytes(() => {
      for (let place = 0; place < 1_000_000; place++) account.receive(seqOf(place));
    });
    // A list of the numbers would take 8 MB or more.
    expect(grownBytes).toBeLessThan(2e6);
    expect(account).toMatchObject({ delivered: 1_000_000, duplicated: 0 });
  });

  it('remembers of a million messages which every thousandth was lost', () => {
    const account = new DeliveryAccount();
    for (let seq = 0; seq < 1_000_000; seq++) if (seq % 1000 !== 500) account.receive(seq);
    expect(account).toMatchObject({ delivered: 999_000, duplicated: 0, reordered: 0 });
    const stragglers = [500, 500_500, 999_500, 500, 501];
    expect(stragglers.map((seq) => account.receive(seq))).toEqual([
      'reordered',
      'reordered',
      'reordered',
      'duplicate',
      'duplicate',
    ]);
    expect(account).toMatchObject({ delivered: 999_003, duplicated: 2, reordered: 3 });
  });

  it('finds an old message as soon as a new one, however many were lost', () => {
    const account = new DeliveryAccount();
    for (let seq = 0; seq < 800_000; seq += 2) account.receive(seq);
    const startMs = performance.now();
    for (let copy = 0; copy < 100_000; copy++) account.receive(0);
    expect(account.duplicated).toBe(100_000);
    // A search through 400,000 gaps for each copy would take minutes.
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });
});

describe('a ledger', () => {
  it('keeps an account for each receiver and stream', () => {
    const ledger = new Ledger();
    ledger.open(7, 0);
    ledger.open(7, 1);
    ledger.open(8, 0);
    expect(ledger.receive(7, 0, 0, false)).toBe('first');
    expect(ledger.receive(7, 0, 0, false)).toBe('duplicate');
    expect(ledger.receive(7, 1, 1, true)).toBe('first');
    expect(ledger.receive(7, 1, 0, false)).toBe('reordered');
    expect(ledger.rows()).toEqual([
      { receiver: 7, stream: 0, delivered: 1, late: 0, duplicated: 1, reordered: 0, corrupted: 0 },
      { receiver: 7, stream: 1, delivered: 2, late: 1, duplicated: 0, reordered: 1, corrupted: 0 },
      { receiver: 8, stream: 0, delivered: 0, late: 0, duplicated: 0, reordered: 0, corrupted: 0 },
    ]);
    expect(ledger.totals()).toEqual({
      delivered: 3,
      late: 1,
      duplicated: 1,
      reordered: 1,
      corrupted: 0,
      unexpected: 0,
    });
  });

  it('remembers a bounded number of gaps, and all first messages that are missing', () => {
    const ledger = new Ledger(1000);
    for (const receiver of [7, 8]) ledger.open(receiver, 0);
    // Receiver 7 gets every second message of 100,000, receiver 8 misses the first three only.
    for (let seq = 0; seq < 100_000; seq++) {
      if (seq % 2 === 1) ledger.receive(7, 0, seq, false);
      if (seq > 2) ledger.receive(8, 0, seq, false);
    }
    const gaps = ledger.missingOf(new Set([7, 8])).map((each) => each.gaps.length / 2);
    expect(gaps[0]).toBeLessThanOrEqual(1000);
    expect(gaps).toEqual([50_000 - ledger.forgottenGaps, 1]);
    expect(ledger.missedFirst()).toEqual([
      { receiver: 7, stream: 0, count: 1 },
      { receiver: 8, stream: 0, count: 3 },
    ]);
    // A recent gap can be filled; an old one cannot be distinguished from a message that came before.
    expect([99_998, 2, 0].map((seq) => ledger.receive(7, 0, seq, false))).toEqual([
      'reordered',
      'duplicate',
      'reordered',
    ]);
    expect(ledger.totals()).toMatchObject({ delivered: 50_000 + 99_997 + 2, duplicated: 1 });
  });

  it('counts a late message once, however often it comes', () => {
    const ledger = new Ledger();
    ledger.open(7, 0);
    ledger.receive(7, 0, 0, true);
    ledger.receive(7, 0, 0, true);
    ledger.receive(7, 0, 2, false);
    ledger.receive(7, 0, 2, true);
    ledger.receive(7, 0, 1, true);
    expect(ledger.rows()).toEqual([
      { receiver: 7, stream: 0, delivered: 3, late: 2, duplicated: 2, reordered: 1, corrupted: 0 },
    ]);
  });

  it('has totals that are the sums of its rows, whatever arrives', () => {
    const messages = fc.array(
      fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 2 }), fc.nat({ max: 9 }), fc.boolean()),
      { maxLength: 200 },
    );
    fc.assert(
      fc.property(messages, (given) => {
        const ledger = new Ledger();
        for (const receiver of [0, 1, 2]) for (const stream of [0, 1]) ledger.open(receiver, stream);
        for (const message of given) ledger.receive(...message);
        const totals = ledger.totals();
        for (const field of ['delivered', 'late', 'duplicated', 'reordered'] as const) {
          expect(totals[field]).toBe(ledger.rows().reduce((sum, row) => sum + row[field], 0));
        }
        expect(totals.delivered + totals.duplicated + totals.unexpected).toBe(given.length);
      }),
    );
  });

  it('counts corrupted copies apart, and only of what a client expects', () => {
    const ledger = new Ledger();
    ledger.open(7, 0);
    expect(ledger.receiveCorrupted(7, 0, 3)).toBe('corrupted');
    expect(ledger.receiveCorrupted(7, 0, 3)).toBe('corrupted');
    expect(ledger.receive(7, 0, 3, false)).toBe('first');
    expect(ledger.receiveCorrupted(7, 1, 0)).toBe('unexpected');
    expect(ledger.receiveCorrupted(7, 0, -1)).toBe('unexpected');
    expect(ledger.rows()).toMatchObject([{ delivered: 1, duplicated: 0, corrupted: 2 }]);
    expect(ledger.totals()).toMatchObject({ delivered: 1, corrupted: 2, unexpected: 2 });
  });

  it('knows a warm-up message again, and counts none', () => {
    const ledger = new Ledger();
    ledger.open(7, 0);
    const receipts = [0, 2, 1, 1, 2].map((seq) => ledger.receiveWarmup(7, 0, seq));
    expect(receipts).toEqual(['first', 'first', 'reordered', 'duplicate', 'duplicate']);
    expect(ledger.receiveWarmup(7, 1, 0)).toBe('unexpected');
    expect(ledger.receive(7, 0, 0, false)).toBe('first');
    expect(ledger.totals()).toMatchObject({ delivered: 1, duplicated: 0, reordered: 0, unexpected: 0 });
  });

  it('counts what carries no stamp as unexpected', () => {
    const ledger = new Ledger();
    ledger.open(7, 0);
    ledger.receiveForeign();
    expect(ledger.totals()).toEqual({
      delivered: 0,
      late: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
      unexpected: 1,
    });
  });

  it('counts what a client does not expect as unexpected, and not as delivered', () => {
    const ledger = new Ledger();
    ledger.open(7, 0);
    expect(ledger.receive(7, 1, 0, false)).toBe('unexpected');
    expect(ledger.receive(9, 0, 0, false)).toBe('unexpected');
    expect(ledger.totals()).toEqual({
      delivered: 0,
      late: 0,
      duplicated: 0,
      reordered: 0,
      corrupted: 0,
      unexpected: 2,
    });
  });
});

it('a ledger takes no negative number for a message that the stream has', () => {
  const ledger = new Ledger();
  ledger.open(1, 0);
  expect(ledger.receive(1, 0, 0, false)).toBe('first');
  for (const seq of [-1, -1, Number.NEGATIVE_INFINITY])
    expect(ledger.receive(1, 0, seq, true)).toBe('unexpected');
  expect(ledger.receive(1, 0, 1, false)).toBe('first');
  expect(ledger.totals()).toEqual({
    delivered: 2,
    late: 0,
    duplicated: 0,
    reordered: 0,
    corrupted: 0,
    unexpected: 3,
  });
});
