import { Arguments } from '../contract/mapping.ts';
import type { DecodedEvent, FrameCodec } from '../contract/target.ts';
import { type Fields, fieldsOf, type Preset } from './preset.ts';

/** Ends every record, also the last one of a message. */
const SEPARATOR = '\x1e';
const TYPE = { invocation: 1, completion: 3, ping: 6, close: 7 } as const;
/** Events of the protocol itself. A hub may have methods of any other name. */
const EVENT = { handshake: 'signalr:handshake', ping: 'signalr:ping', close: 'signalr:close' } as const;

const record = (value: object) => `${JSON.stringify(value)}${SEPARATOR}`;

function argumentsOf(data: unknown): readonly unknown[] {
  if (data instanceof Arguments) return data.list;
  return data === undefined ? [] : [data];
}

const idOf = (id: unknown) => (typeof id === 'string' || typeof id === 'number' ? id : undefined);

function decodeRecord(read: Fields): DecodedEvent | null {
  const { type, target, arguments: list, invocationId, result = null, error } = read;
  if (type === undefined) return { event: EVENT.handshake, data: read };
  if (type === TYPE.invocation && typeof target === 'string') {
    const data = Array.isArray(list) && list.length === 1 ? list[0] : list;
    return { event: target, data, id: idOf(invocationId) };
  }
  if (type === TYPE.completion) {
    return { ack: idOf(invocationId), data: error === undefined ? result : { error } };
  }
  return type === TYPE.close ? { event: EVENT.close, data: read } : null;
}

const codec: FrameCodec = {
  encode({ event, data, id, ack }) {
    if (event === EVENT.handshake) return record({ protocol: 'json', version: 1 });
    if (event === EVENT.ping) return record({ type: TYPE.ping });
    if (ack !== undefined) {
      return record({ type: TYPE.completion, invocationId: String(ack), result: data ?? null });
    }
    const invocationId = id === undefined ? {} : { invocationId: String(id) };
    return record({ type: TYPE.invocation, ...invocationId, target: event, arguments: argumentsOf(data) });
  },
  decode(message) {
    const records = message.toString().split(SEPARATOR);
    if (records.pop() !== '') throw new Error('a record without its separator 0x1e');
    return records.map((text) => decodeRecord(fieldsOf(JSON.parse(text)))).filter((each) => each !== null);
  },
};

/** https://github.com/dotnet/aspnetcore/blob/main/src/SignalR/docs/specs/HubProtocol.md */
export const signalr: Preset = {
  summary:
    "SignalR's JSON protocol, without negotiation: an event is a method of the hub, its data are the arguments. With an acknowledgement, the completion is awaited.",
  auth: null,
  fields: () => ({
    codec,
    async opened(connection) {
      connection.emit(EVENT.handshake);
      const { error } = fieldsOf(await connection.next(EVENT.handshake));
      if (error !== undefined) throw new Error(`the server refuses the handshake: ${String(error)}`);
    },
    // Servers close a connection after 30 s of silence by default. Their own pings need no answer.
    keepAlive: { every: '15s', send: () => ({ event: EVENT.ping }) },
  }),
};
