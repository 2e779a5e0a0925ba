import { type Client, type DecodedEvent, type FrameCodec, forClient } from '../contract/target.ts';
import { fail } from '../errors.ts';
import {
  encodeMqttPacket,
  MQTT_PACKET,
  type MqttPacket,
  PacketReader,
  uint16,
  withLength,
} from './mqtt-packets.ts';
import { isObjectData, type ObjectData, objectOf, type Preset, requireText, roomOf } from './preset.ts';

const KEEP_ALIVE_S = 60;
const PROTOCOL_LEVEL = 4;
const CLEAN_SESSION = 0x02;
const HAS_PASSWORD = 0x40;
const HAS_USERNAME = 0x80;
const REFUSED = 0x80;
const MAX_PACKET_ID = 0xffff;

/** Return codes of CONNACK (table 3.1). */
const CONNECT_ERRORS = [
  '',
  'unacceptable protocol version',
  'identifier rejected',
  'server unavailable',
  'bad user name or password',
  'not authorized',
];

const isContent = (value: unknown): value is string | Uint8Array =>
  typeof value === 'string' || value instanceof Uint8Array;

function encodeConnect(data: unknown): Buffer {
  const { clientId, username, password } = objectOf(data);
  const flags =
    CLEAN_SESSION | (isContent(username) ? HAS_USERNAME : 0) | (isContent(password) ? HAS_PASSWORD : 0);
  const texts = [clientId ?? '', username, password].filter(isContent);
  return encodeMqttPacket(MQTT_PACKET.connect, 0, [
    withLength('MQTT'),
    Buffer.of(PROTOCOL_LEVEL, flags),
    uint16(KEEP_ALIVE_S),
    ...texts.map(withLength),
  ]);
}

/** QoS 0, the default, or 1. Throws BAD_QOS. */
function qosOf(data: ObjectData): 0 | 1 {
  const { qos = 0 } = data;
  if (qos === 0 || qos === 1) return qos;
  return fail('BAD_QOS', `qos: ${String(qos)} is not supported`, 'Use qos: 0 or qos: 1.');
}

/** Numbers the packets that a broker acknowledges, and remembers which of them a caller waits for. */
class PacketIds {
  readonly #callIds = new Map<number, number | string>();
  #last = 0;

  next(callId: number | string | undefined): number {
    do this.#last = (this.#last % MAX_PACKET_ID) + 1;
    while (this.#callIds.has(this.#last));
    if (callId !== undefined) this.#callIds.set(this.#last, callId);
    return this.#last;
  }

  /** The acknowledgement of a packet; null where nothing waits for it. */
  settle(packetId: number, data: unknown): DecodedEvent | null {
    const ack = this.#callIds.get(packetId);
    this.#callIds.delete(packetId);
    return ack === undefined ? null : { ack, data };
  }
}

function encodePublish(data: unknown, ids: PacketIds, callId: number | string | undefined): Buffer {
  const topic = requireText('publish', data, 'topic', "{ event: 'publish', data: { topic, payload } }");
  const fields = objectOf(data);
  const { payload = '', retain } = fields;
  const qos = qosOf(fields);
  if (callId !== undefined && qos === 0) {
    fail(
      'NO_ACKNOWLEDGEMENT',
      'MQTT does not acknowledge a message of QoS 0',
      "Use qos: 1, or reply: 'none'.",
    );
  }
  const packetId = qos === 0 ? [] : [uint16(ids.next(callId))];
  const content = isContent(payload) ? Buffer.from(payload as string) : Buffer.from(JSON.stringify(payload));
  return encodeMqttPacket(MQTT_PACKET.publish, (qos << 1) | (retain === true ? 1 : 0), [
    withLength(topic),
    ...packetId,
    content,
  ]);
}

function decodePublish({ flags, body }: MqttPacket): DecodedEvent {
  const qos = (flags >> 1) & 3;
  const topicEnd = 2 + body.readUInt16BE(0);
  const topic = body.toString('utf8', 2, topicEnd);
  const packetId = qos === 0 ? null : body.readUInt16BE(topicEnd);
  const payload = body.subarray(topicEnd + (qos === 0 ? 0 : 2));
  return { event: 'message', data: { topic, payload, qos, retain: (flags & 1) === 1, packetId } };
}

/** The acknowledgement of subscriptions: the granted QoS of each, or an error. */
function subscribed(granted: readonly number[]): ObjectData {
  const isRefused = granted.some((code) => code >= REFUSED);
  return isRefused ? { granted, error: 'the broker refuses the subscription' } : { granted };
}

/** A codec for one connection. */
export function createMqttCodec(): FrameCodec {
  const reader = new PacketReader();
  const ids = new PacketIds();

  function decodePacket(packet: MqttPacket): DecodedEvent | null {
    const { type, body } = packet;
    switch (type) {
      case MQTT_PACKET.publish:
        return decodePublish(packet);
      case MQTT_PACKET.connack:
        return { event: 'connack', data: { sessionPresent: body[0] === 1, code: body.readUInt8(1) } };
      case MQTT_PACKET.puback:
      case MQTT_PACKET.unsuback:
        return ids.settle(body.readUInt16BE(0), null);
      case MQTT_PACKET.suback:
        return ids.settle(body.readUInt16BE(0), subscribed([...body.subarray(2)]));
      case MQTT_PACKET.pingresp:
        return null;
      default:
        throw new Error(`a packet of type ${type}, which brokers do not send at QoS 0 and 1`);
    }
  }

  return {
    encode({ event, data, id }) {
      const fields = objectOf(data);
      switch (event) {
        case 'connect':
          return encodeConnect(data);
        case 'publish':
          return encodePublish(data, ids, id);
        case 'puback':
          return encodeMqttPacket(MQTT_PACKET.puback, 0, [uint16(Number(fields['packetId']))]);
        case 'subscribe':
        case 'unsubscribe': {
          const topic = requireText(event, data, 'topic', `{ event: '${event}', data: { topic } }`);
          const qos = event === 'subscribe' ? [Buffer.of(qosOf(fields))] : [];
          // The flags of both are 0010.
          return encodeMqttPacket(MQTT_PACKET[event], 2, [uint16(ids.next(id)), withLength(topic), ...qos]);
        }
        case 'pingreq':
        case 'disconnect':
          return encodeMqttPacket(MQTT_PACKET[event], 0);
        default:
          return fail(
            'UNKNOWN_EVENT',
            `MQTT has no packet for the event "${event}"`,
            'Use publish, subscribe, unsubscribe, pingreq or disconnect.',
          );
      }
    },
    decode: (message) =>
      reader
        .read(message)
        .map(decodePacket)
        .filter((event) => event !== null),
  };
}

/** A client id must be unique at the broker, also among the processes and hosts of a run. */
function connectFields(auth: ObjectData | undefined, { number }: Client): ObjectData {
  return { clientId: `sockbench-${number}-${process.pid}`, ...auth };
}

/** http://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html */
export const mqtt: Preset = {
  summary:
    'MQTT 3.1.1 with QoS 0 and 1. Rooms are topics. `publish` has `{ topic, payload, qos, retain }`, `subscribe` has `{ topic, qos }`; messages arrive as `message`.',
  auth: '`{ clientId, username, password }` of `CONNECT`',
  fields: ({ auth }) => ({
    protocols: 'mqtt',
    codec: () => createMqttCodec(),
    async opened(connection, client) {
      connection.emit('connect', connectFields(await forClient(auth, client), client));
      const code = Number(objectOf(await connection.next('connack'))['code']);
      if (code !== 0) {
        throw new Error(
          `the broker refuses the connection: ${CONNECT_ERRORS[code] ?? 'unknown reason'} (${code})`,
        );
      }
    },
    answer: {
      message: (data) => {
        const { qos, packetId } = objectOf(data);
        return isObjectData(data) && qos === 1 ? { event: 'puback', data: { packetId } } : null;
      },
    },
    keepAlive: { every: `${KEEP_ALIVE_S / 2}s`, send: () => ({ event: 'pingreq' }) },
    leave: (connection) => connection.emit('disconnect'),
    join: ({ rooms }) => rooms.map((room) => ({ event: 'subscribe', data: { topic: room } })),
    publish: (message) => ({
      event: 'publish',
      data: { topic: roomOf('mqtt', message), payload: message.payload },
    }),
    delivery: { event: 'message', payload: (data) => objectOf(data)['payload'] },
  }),
};
