import type { Driver } from './driver.ts';
import { httpPolling } from './http-polling.ts';
import { officialSocketio } from './official-socketio.ts';
import { wireSocketio } from './wire-socketio.ts';
import { wireWs } from './wire-ws.ts';
import { officialWs } from './ws.ts';

export const drivers: readonly Driver[] = [officialSocketio, wireSocketio, officialWs, wireWs, httpPolling];
