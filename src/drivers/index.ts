import type { Driver } from './driver.ts';
import { httpPolling } from './http-polling.ts';
import { officialSocketio } from './official-socketio.ts';
import { officialWs } from './official-ws.ts';

export const drivers: readonly Driver[] = [officialSocketio, officialWs, httpPolling];
