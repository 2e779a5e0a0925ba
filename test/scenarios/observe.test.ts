import { expect, it } from 'vitest';
import { observe } from '../../scenarios/observe.ts';
import { isObserving } from '../../src/contract/scenario.ts';
import { layoutOf } from './layout.ts';

it('observe has every client listen, and none send or join', () => {
  const layout = layoutOf(observe, 3);
  expect(layout).toEqual({ rooms: [[], [], []], streams: [] });
  expect(isObserving(layout)).toBe(true);
});
