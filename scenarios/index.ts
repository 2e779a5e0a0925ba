import type { Scenario } from '../src/contract/scenario.ts';
import { ackRoundtrip } from './ack-roundtrip.ts';
import { broadcastLatency } from './broadcast-latency.ts';
import { churn } from './churn.ts';
import { connectStorm } from './connect-storm.ts';
import { directMessages } from './direct-messages.ts';
import { idle } from './idle.ts';
import { messageTypes } from './message-types.ts';
import { observe } from './observe.ts';
import { pollingVsPush } from './polling-vs-push.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import { recovery } from './recovery.ts';
import { roomFanout } from './room-fanout.ts';
import { slowConsumers } from './slow-consumers.ts';
import { streamReply } from './stream-reply.ts';
import { upgrade } from './upgrade.ts';

export const scenarios: readonly Scenario[] = [
  broadcastLatency,
  roomFanout,
  directMessages,
  ackRoundtrip,
  streamReply,
  messageTypes,
  upgrade,
  pollingVsPush,
  observe,
  idle,
  connectStorm,
  reconnectStorm,
  recovery,
  churn,
  slowConsumers,
];
