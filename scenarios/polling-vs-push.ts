import { roomFanout } from './room-fanout.ts';

/**
 * In each of five rooms some two messages a second, so that a client that asks ten times a second asks mostly in
 * vain. At random times, because evenly spaced messages would keep step with evenly spaced polls.
 */
export const pollingVsPush = {
  ...roomFanout,
  name: 'polling-vs-push',
  summary: 'few messages to many clients, where polling is a choice: run it over each transport and compare',
  defaults: { clients: '50', rooms: '5', rate: '11/s', arrival: 'poisson', duration: '20s' },
};
