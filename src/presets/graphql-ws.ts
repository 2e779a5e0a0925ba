import { type DecodedEvent, type FrameCodec, forClient } from '../contract/target.ts';
import { callIdIn, type ObjectData, objectOf, type Preset } from './preset.ts';

/** Operations without an id of the user or a caller. The number only has to be unique per connection. */
const UNNAMED = 'unnamed-';
let unnamedCount = 0;

const READY_QUERY = { query: '{ __typename }' };

function operationText(id: string, payload: unknown): string {
  return JSON.stringify({ id, type: 'subscribe', payload });
}

/**
 * An operation with an `id` is a subscription. Servers do not confirm subscriptions: where the caller waits, a query
 * follows on the same connection, whose result shows that the subscription has been read.
 */
function encodeSubscribe(data: unknown, callId: number | string | undefined): string | readonly string[] {
  const { id, ...payload } = objectOf(data);
  if (typeof id === 'string') {
    const subscription = operationText(id, payload);
    return callId === undefined ? subscription : [subscription, operationText(String(callId), READY_QUERY)];
  }
  if (callId !== undefined) return operationText(String(callId), payload);
  unnamedCount += 1;
  return operationText(`${UNNAMED}${unnamedCount}`, payload);
}

/** What belongs to an operation: the result of a call, an event of a subscription, or a result that nothing waits for. */
function decodeOperation(type: string, id: string, payload: unknown): DecodedEvent | null {
  const callId = callIdIn(id);
  if (callId !== null) {
    // The first one answers the call; `complete` does so for an operation without a result.
    return { ack: callId, data: type === 'error' ? { errors: payload } : (payload ?? null) };
  }
  if (id.startsWith(UNNAMED))
    return type === 'complete' ? null : { event: 'result', data: resultFields(type, payload) };
  return { event: type, data: { id, ...resultFields(type, payload) } };
}

function resultFields(type: string, payload: unknown): ObjectData {
  return type === 'error' ? { errors: payload } : objectOf(payload);
}

const graphqlCodec: FrameCodec = {
  encode({ event, data, id }) {
    if (event === 'subscribe') return encodeSubscribe(data, id);
    if (event === 'complete') return JSON.stringify({ id: objectOf(data)['id'], type: event });
    return JSON.stringify({ type: event, payload: data });
  },
  decode(message) {
    const { id, type, payload } = objectOf(JSON.parse(message.toString()));
    if (typeof type !== 'string') throw new Error('a message without a type');
    return typeof id === 'string' ? decodeOperation(type, id, payload) : { event: type, data: payload };
  },
};

/** https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md */
export const graphqlWs: Preset = {
  summary:
    'The subprotocol `graphql-transport-ws`. `subscribe` with `{ query, variables }` is answered by its result; with an `id` it is a subscription, whose results arrive as `next`.',
  auth: 'the payload of `connection_init`',
  fields: ({ auth }) => ({
    protocols: 'graphql-transport-ws',
    codec: graphqlCodec,
    async opened(connection, client) {
      connection.emit('connection_init', await forClient(auth, client));
      await connection.next('connection_ack');
    },
    answer: { ping: () => ({ event: 'pong' }) },
    delivery: { event: 'next' },
  }),
};
