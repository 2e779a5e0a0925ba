import { Arguments } from '../contract/mapping.ts';
import type { DecodedEvent, FrameCodec } from '../contract/target.ts';
import { type ObjectData, objectOf, type Preset } from './preset.ts';

/** Parameters are a list or an object (section 4.2 of the specification); a single value becomes a list. */
function paramsOf(data: unknown): unknown {
  if (data instanceof Arguments) return data.list;
  return data === undefined || (typeof data === 'object' && data !== null) ? data : [data];
}

/**
 * A response acknowledges its request with `result`, or with `{ error: { code, message } }`. rpc-websockets names a
 * notification `notification` instead of `method`.
 */
function decodeOne(message: ObjectData): DecodedEvent | null {
  const { id, method = message['notification'], params, result, error } = message;
  if (typeof method === 'string') {
    const isRequest = typeof id === 'number' || typeof id === 'string';
    return { event: method, data: params, id: isRequest ? id : undefined };
  }
  const hasError = error !== undefined && error !== null;
  if (typeof id === 'number' || typeof id === 'string')
    return { ack: id, data: hasError ? { error } : result };
  // An error without an id answers a message that the server could not read.
  return hasError ? { event: 'error', data: error } : null;
}

const jsonRpcCodec: FrameCodec = {
  encode({ event, data, id, ack }) {
    if (ack !== undefined) return JSON.stringify({ jsonrpc: '2.0', id: ack, result: data ?? null });
    return JSON.stringify({ jsonrpc: '2.0', method: event, params: paramsOf(data), id });
  },
  decode(message) {
    const value: unknown = JSON.parse(message.toString());
    if (!Array.isArray(value)) return decodeOne(objectOf(value));
    // A batch (section 6).
    return value.map((each) => decodeOne(objectOf(each))).filter((each) => each !== null);
  },
};

/** JSON-RPC 2.0 (https://www.jsonrpc.org/specification), and the notifications of rpc-websockets. */
export const jsonRpc: Preset = {
  summary:
    'JSON-RPC 2.0: an event is a method, its data are `params`. With an acknowledgement it is a request, without one a notification.',
  auth: null,
  fields: () => ({ codec: jsonRpcCodec }),
};
