import type { DecodedEvent, FrameCodec } from '../contract/target.ts';
import { callIdIn, objectOf, type Preset, requireText } from './preset.ts';

/**
 * A client joins a topic once per connection, so that one number identifies all of its joins. Broadcasts have none: the
 * messages of all receivers are equal.
 */
const JOIN_REF = '1';
/** Pushes whose reply nothing awaits. */
const NO_CALL = 'none';
const HEARTBEAT = 'heartbeat';
const TOPIC_EXAMPLE = "{ event, data: { topic: 'room:lobby', payload: { ... } } }";

/** A reply acknowledges a push with its `response`, or with `{ error: response }` unless its status is `ok`. */
function phxReply(ref: unknown, payload: unknown): DecodedEvent | null {
  const callId = callIdIn(ref);
  const { status, response } = objectOf(payload);
  if (callId === null) return null;
  return { ack: callId, data: status === 'ok' ? response : { error: response ?? status } };
}

const phoenixCodec: FrameCodec = {
  encode({ event, data, id = NO_CALL }) {
    if (event === HEARTBEAT) return JSON.stringify([null, NO_CALL, 'phoenix', HEARTBEAT, {}]);
    const topic = requireText(event, data, 'topic', TOPIC_EXAMPLE);
    return JSON.stringify([JOIN_REF, String(id), topic, event, objectOf(data)['payload'] ?? {}]);
  },
  decode(message) {
    const read: unknown = JSON.parse(message.toString());
    if (!Array.isArray(read)) throw new Error('the message is no list, as version 2.0.0 of the protocol has');
    const [, ref, topic, event, payload] = read;
    if (event === 'phx_reply') return phxReply(ref, payload);
    return { event: String(event), data: { topic, payload } };
  },
};

/** https://hexdocs.pm/phoenix/writing_a_channels_client.html and Phoenix.Socket.V2.JSONSerializer */
export const phoenix: Preset = {
  summary:
    "Channels of Phoenix, version 2.0.0. Data have a `topic` and a `payload`; `phx_join` joins a topic. An event with an acknowledgement gets the server's reply.",
  auth: null,
  fields: () => ({
    codec: phoenixCodec,
    query: { vsn: '2.0.0' },
    // Servers close a connection after 60 s of silence by default.
    keepAlive: { every: '30s', send: () => ({ event: HEARTBEAT }) },
  }),
};
