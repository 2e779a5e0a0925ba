import { ENGINE_TYPE } from '../../wire/socketio/engine.ts';
import { PACKET } from '../../wire/socketio/packet.ts';

const ENGINE_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries(ENGINE_TYPE).map(([name, type]) => [type, name]),
);

const PACKET_NAMES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    [PACKET.connect]: 'connect',
    [PACKET.disconnect]: 'leave',
    [PACKET.event]: 'event',
    [PACKET.ack]: 'ack',
    [PACKET.connectError]: 'error',
    [PACKET.binaryEvent]: 'event',
    [PACKET.binaryAck]: 'ack',
  }),
);

/**
 * Names a packet of Engine.IO by its type, and one that carries a packet of Socket.IO by the type of that: `ping`,
 * `event`. Null for text that is no packet.
 */
export function packetName(text: string): string | null {
  const engine = ENGINE_NAMES.get(text.slice(0, 1)) ?? null;
  return engine === 'message' ? (PACKET_NAMES.get(text.slice(1, 2)) ?? 'message') : engine;
}
