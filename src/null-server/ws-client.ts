import { decodeEnvelope, type Envelope, EVENT, encodeEnvelope } from '../contract/protocol.ts';
import { OPCODE } from '../wire/rfc6455/frame.ts';
import { NullClient } from './null-client.ts';
import { serverFrame } from './server-frame.ts';

const RELAY = {
  published: Buffer.from(`{"event":"${EVENT.sendMessage}","data":{"message":`),
  delivered: Buffer.from(`{"event":"${EVENT.receiveMessage}","data":`),
  deliveredEnd: Buffer.from('}'),
};
const REQUEST = Buffer.from(`{"event":"${EVENT.hello}","data":`);
const ID = Buffer.from(',"id":');
const ACK = Buffer.from(',"ack":');

/** A client that sends envelopes. */
export class NullWsClient extends NullClient {
  readonly relay = RELAY;

  protected override greet(): void {}

  protected override replyTo(text: Buffer): readonly Uint8Array[] | null {
    if (!startsWith(text, REQUEST)) return null;
    const at = text.lastIndexOf(ID);
    return at < 0 ? null : [text.subarray(0, at), ACK, text.subarray(at + ID.length)];
  }

  protected override read(payload: Buffer, isBinary: boolean): Envelope {
    return decodeEnvelope(payload, isBinary);
  }

  override encode(envelope: Envelope): Buffer {
    const message = encodeEnvelope(envelope);
    return typeof message === 'string'
      ? serverFrame(OPCODE.text, Buffer.from(message))
      : serverFrame(OPCODE.binary, message);
  }
}

export function startsWith(text: Buffer, start: Buffer): boolean {
  return text.length >= start.length && text.compare(start, 0, start.length, 0, start.length) === 0;
}
