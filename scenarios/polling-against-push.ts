import { broadcastLatency } from './broadcast-latency.ts';

export const pollingAgainstPush = {
  ...broadcastLatency,
  name: 'polling-against-push',
  summary:
    'few messages to many clients, as where polling is a choice: run it over each transport and compare',
  defaults: { clients: '50', rate: '10/s', duration: '20s' },
};
