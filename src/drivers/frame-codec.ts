import { type ClientEnvelope, decodeEnvelope, encodeEnvelope } from '../contract/protocol.ts';
import type { DecodedEvent, Frame, FrameCodec } from '../contract/target.ts';
import type { ConnectOptions } from './driver.ts';

/** Envelopes, for a server without a codec of its own. */
export const ENVELOPES: FrameCodec = { encode: encodeEnvelope, decode: decodeEnvelope };

/** The codec of a connection to which the server has agreed. Throws what the function of the target throws. */
export function codecFor(
  { codec = ENVELOPES }: Pick<ConnectOptions, 'codec'>,
  subprotocol: string | null,
): FrameCodec {
  return typeof codec === 'function' ? codec(subprotocol) : codec;
}

/** The messages that an event becomes, in the order in which they are sent. */
export function framesFor(codec: FrameCodec, event: ClientEnvelope): readonly Frame[] {
  const frames = codec.encode(event);
  return typeof frames === 'string' || frames instanceof Uint8Array ? [frames] : frames;
}

/** The events in a message; none for a message that cannot be decoded, which `onRead` gets with the error. */
export function eventsIn(
  codec: FrameCodec,
  message: Buffer,
  isBinary: boolean,
  onRead: ConnectOptions['onRead'],
): readonly DecodedEvent[] {
  try {
    const events = eventList(codec.decode(message, isBinary));
    if (events.length === 0) onRead?.('none', '', null);
    return events;
  } catch (error) {
    onRead?.('none', '', error);
    return [];
  }
}

/** The only event in a message; null where it holds none or several. Throws what the codec throws. */
export function onlyEventIn(codec: FrameCodec, message: Buffer): DecodedEvent | null {
  const events = eventList(codec.decode(message, false));
  return events.length === 1 ? (events[0] ?? null) : null;
}

function eventList(decoded: DecodedEvent | readonly DecodedEvent[] | null): readonly DecodedEvent[] {
  if (decoded === null) return [];
  return 'length' in decoded ? decoded : [decoded];
}
