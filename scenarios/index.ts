import type { Scenario } from '../src/scenario.ts';
import { ackRoundtrip } from './ack-roundtrip.ts';
import { broadcastLatency } from './broadcast-latency.ts';
import { roomFanout } from './room-fanout.ts';

export const scenarios: readonly Scenario[] = [broadcastLatency, roomFanout, ackRoundtrip];
