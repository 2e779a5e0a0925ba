import { argumentsOf } from '../contract/mapping.ts';
import type { DecodedEvent, FrameCodec } from '../contract/target.ts';
import { type ObjectData, objectOf, type Preset } from './preset.ts';

/** Ends every record, also the last one of a message. */
const RECORD_SEPARATOR = '\x1e';
const RECORD_TYPE = { invocation: 1, completion: 3, ping: 6, close: 7 } as const;
/** Events of the protocol itself. A hub may have methods of any other name. */
const SIGNALR_EVENT = {
  handshake: 'signalr:handshake',
  ping: 'signalr:ping',
  close: 'signalr:close',
} as const;

const recordText = (value: object) => `${JSON.stringify(value)}${RECORD_SEPARATOR}`;

const invocationIdOf = (id: unknown) => (typeof id === 'string' || typeof id === 'number' ? id : undefined);

function decodeRecord(read: ObjectData): DecodedEvent | null {
  const { type, target, arguments: list, invocationId, result = null, error } = read;
  if (type === undefined) return { event: SIGNALR_EVENT.handshake, data: read };
  if (type === RECORD_TYPE.invocation && typeof target === 'string') {
    const data = Array.isArray(list) && list.length === 1 ? list[0] : list;
    return { event: target, data, id: invocationIdOf(invocationId) };
  }
  if (type === RECORD_TYPE.completion) {
    return { ack: invocationIdOf(invocationId), data: error === undefined ? result : { error } };
  }
  return type === RECORD_TYPE.close ? { event: SIGNALR_EVENT.close, data: read } : null;
}

const signalrCodec: FrameCodec = {
  encode({ event, data, id, ack }) {
    if (event === SIGNALR_EVENT.handshake) return recordText({ protocol: 'json', version: 1 });
    if (event === SIGNALR_EVENT.ping) return recordText({ type: RECORD_TYPE.ping });
    if (ack !== undefined) {
      return recordText({ type: RECORD_TYPE.completion, invocationId: String(ack), result: data ?? null });
    }
    const invocationId = id === undefined ? {} : { invocationId: String(id) };
    return recordText({
      type: RECORD_TYPE.invocation,
      ...invocationId,
      target: event,
      arguments: argumentsOf(data),
    });
  },
  decode(message) {
    const records = message.toString().split(RECORD_SEPARATOR);
    if (records.pop() !== '') throw new Error('a record without its separator 0x1e');
    return records.map((text) => decodeRecord(objectOf(JSON.parse(text)))).filter((each) => each !== null);
  },
};

/** https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md */
export const signalr: Preset = {
  summary:
    "SignalR's JSON protocol, without negotiation: an event is a method of the hub, its data are the arguments. With an acknowledgement, the completion is awaited.",
  auth: null,
  fields: () => ({
    codec: signalrCodec,
    async opened(connection) {
      connection.emit(SIGNALR_EVENT.handshake);
      const { error } = objectOf(await connection.next(SIGNALR_EVENT.handshake));
      if (error !== undefined) throw new Error(`the server refuses the handshake: ${String(error)}`);
    },
    // Servers close a connection after 30 s of silence by default. Their own pings need no answer.
    keepAlive: { every: '15s', send: () => ({ event: SIGNALR_EVENT.ping }) },
  }),
};
