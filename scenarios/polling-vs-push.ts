import { roomFanout } from './room-fanout.ts';

/**
 * Five rooms with about two messages a second each, so that most polls of a client that polls ten times a second are
 * empty. Messages come at random times, because evenly spaced ones would keep step with evenly spaced polls.
 */
export const pollingVsPush = {
  ...roomFanout,
  name: 'polling-vs-push',
  summary: 'few messages to many clients; run it over each transport to compare polling with push',
  defaults: { clients: '50', rooms: '5', rate: '11/s', arrival: 'poisson', duration: '20s' },
};
