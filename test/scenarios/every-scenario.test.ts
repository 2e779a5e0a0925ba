import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scenarios } from '../../scenarios/index.ts';
import type { Layout, Scenario } from '../../src/contract/scenario.ts';
import { SockbenchError } from '../../src/errors.ts';
import { PLAN_OPTIONS } from '../../src/plan/options.ts';
import { seriesOfRun } from '../../src/result/view.ts';
import { layoutOf } from './layout.ts';

const givenOptions = fc.record(
  {
    rooms: fc.integer({ min: 1, max: 12 }).map(String),
    members: fc.integer({ min: 1, max: 12 }).map(String),
    publishers: fc.integer({ min: 1, max: 12 }).map(String),
    excludeSender: fc.constantFrom('true', 'false'),
    direction: fc.constantFrom('client', 'server'),
    replies: fc.integer({ min: 1, max: 12 }).map(String),
    requests: fc.integer({ min: 1, max: 12 }).map(String),
    hold: fc.constantFrom('true', 'false'),
    type: fc.constantFrom('all', 'text', 'binary', 'close'),
  },
  { requiredKeys: [] },
);

/** The layout, or null when the options do not fit together. */
function layoutOrNull(scenario: Scenario, clients: number, given: Record<string, string>): Layout | null {
  try {
    return layoutOf(scenario, clients, given);
  } catch (error) {
    expect(error).toBeInstanceOf(SockbenchError);
    return null;
  }
}

function check(scenario: Scenario, holds: (layout: Layout, clients: number, excludes: boolean) => void) {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 24 }), givenOptions, (clients, given) => {
      const layout = layoutOrNull(scenario, clients, given as Record<string, string>);
      fc.pre(layout !== null);
      if (layout !== null) holds(layout, clients, given.excludeSender === 'true');
    }),
    { numRuns: 300 },
  );
}

describe('the registry of scenarios', () => {
  it('gives every scenario a name of its own and no option that hides one of the plan', () => {
    expect(new Set(scenarios.map(({ name }) => name)).size).toBe(scenarios.length);
    const hidden = scenarios.flatMap(({ options }) =>
      Object.keys(options).filter((name) => Object.hasOwn(PLAN_OPTIONS, name)),
    );
    expect(hidden).toEqual([]);
  });
});

describe.each(scenarios.map((scenario) => [scenario.name, scenario] as const))('%s', (_, scenario) => {
  it('names only clients that exist, and none twice', () => {
    check(scenario, (layout, clients) => {
      expect(layout.rooms).toHaveLength(clients);
      for (const { sender, receivers } of layout.streams) {
        expect(receivers).toEqual([...new Set(receivers)].sort((a, b) => a - b));
        for (const client of [sender, ...receivers]) {
          expect(client).toBeGreaterThanOrEqual(0);
          expect(client).toBeLessThan(clients);
        }
      }
    });
  });

  it('expects a message to a room at its members only', () => {
    check(scenario, (layout) => {
      for (const { sender, operation, receivers } of layout.streams) {
        if (operation.kind !== 'publish' || operation.room === null) continue;
        const { room, scope } = operation;
        const members = layout.rooms.flatMap((joined, client) => (joined.includes(room) ? [client] : []));
        // Who writes a direct message is no member.
        if (operation.to === undefined) expect(members).toContain(sender);
        expect(receivers).toEqual(scope === 'room' ? members : members.filter((client) => client !== sender));
      }
    });
  });

  it('expects a message to everyone at every client, or at all but the sender', () => {
    check(scenario, (layout, clients) => {
      for (const { sender, operation, receivers } of layout.streams) {
        if (operation.kind !== 'publish' || operation.room !== null) continue;
        const butMe = operation.scope === 'everyone-but-me';
        expect(receivers).toHaveLength(butMe ? clients - 1 : clients);
        expect(receivers.includes(sender)).toBe(!butMe);
      }
    });
  });

  it('excludes the sender from its own messages only with --exclude-sender', () => {
    if (!('excludeSender' in scenario.options)) return;
    check(scenario, (layout, _clients, excludes) => {
      for (const { sender, operation, receivers } of layout.streams) {
        if (operation.kind === 'publish') expect(receivers.includes(sender)).toBe(!excludes);
      }
    });
  });

  it('records into series of every run, or into its own', () => {
    const known = seriesOfRun(scenario.series).map(({ name }) => name);
    check(scenario, (layout) => {
      const named = layout.streams.flatMap(({ series }) => series ?? []);
      expect(known).toEqual(
        expect.arrayContaining([scenario.headline, layout.headline ?? '', ...named].filter(Boolean)),
      );
    });
  });

  it('has steps only if one of its streams uses them', () => {
    check(scenario, (layout) => {
      const hasSteps = layout.streams.some(({ operation }) => operation.kind === 'steps');
      expect(scenario.steps !== undefined).toBe(hasSteps);
    });
  });

  it('gives every process the same layout', () => {
    expect(layoutOf(scenario, 50)).toEqual(layoutOf(scenario, 50));
  });

  it('has at least one stream unless its clients only listen or hold, and no client in a room twice', () => {
    check(scenario, (layout) => {
      if (['push_skew', 'connection_age'].includes(scenario.headline)) expect(layout.streams).toEqual([]);
      else expect(layout.streams.length).toBeGreaterThan(0);
      for (const joined of layout.rooms) expect(new Set(joined).size).toBe(joined.length);
    });
  });
});
