import { CLIENT_DISRUPTIONS } from '../contract/disruption.ts';
import type { Driver } from './driver.ts';

const load = async () => (await import('./socketio.ts')).socketioClient;

/** socket.io-client takes 100 ms of CPU time to load, so only processes that connect with it load it. */
export const officialSocketio: Driver = {
  name: 'official',
  protocol: 'socketio',
  transports: ['websocket', 'polling', 'upgrade'],
  summary: 'socket.io-client, without reconnection',
  disturbances: (transport) => (transport === 'websocket' ? CLIENT_DISRUPTIONS : ['leave']),
  load: async () => void (await load()),
  connect: async (options) => (await load()).connect(options),
};
