import { type Envelope, EVENT } from '../contract/protocol.ts';
import { OPCODE } from '../wire/rfc6455/frame.ts';
import { ENGINE_TYPE } from '../wire/socketio/engine.ts';
import { encodePacket, jsonPackets, MAIN_NAMESPACE, PACKET, type Packet } from '../wire/socketio/packet.ts';
import { type MessageHandlers, NullClient } from './null-client.ts';
import type { Peer } from './peer.ts';
import { serverFrame } from './server-frame.ts';

/** A calibration ends before the first ping would be due. */
const PING_MS = 3_600_000;
const OPEN = {
  upgrades: [],
  pingInterval: PING_MS,
  pingTimeout: PING_MS,
  maxPayload: 128 * 1024 ** 2,
};

/** A client of Engine.IO 4 and Socket.IO 5 in one namespace. */
export class NullSocketioClient extends NullClient {
  readonly relay;
  readonly #namespace: string;
  readonly #request: RegExp;
  readonly #packets = jsonPackets();

  constructor(peer: Peer, messages: MessageHandlers, namespace: string | null) {
    super(peer, messages);
    this.#namespace = namespace ?? MAIN_NAMESPACE;
    const place = this.#namespace === MAIN_NAMESPACE ? '' : `${this.#namespace},`;
    const event = `${ENGINE_TYPE.message}${PACKET.event}${place}`;
    this.relay = {
      published: Buffer.from(`${event}["${EVENT.sendMessage}",{"message":`),
      delivered: Buffer.from(`${event}["${EVENT.receiveMessage}",`),
      deliveredEnd: Buffer.from(']'),
    };
    this.#request = new RegExp(`^${event}(\\d+)\\["${EVENT.hello}",`);
  }

  protected override greet(): void {
    this.#sendText(`${ENGINE_TYPE.open}${JSON.stringify({ sid: 'null', ...OPEN })}`);
  }

  protected override replyTo(text: Buffer): readonly Uint8Array[] | null {
    const [head, id] = this.#request.exec(text.toString('latin1', 0, 80)) ?? [];
    if (head === undefined) return null;
    const ack = head.slice(0, head.indexOf('[') - (id ?? '').length).replace(/^42/, '43');
    return [Buffer.from(`${ack}${id}[`, 'latin1'), text.subarray(head.length)];
  }

  protected override read(payload: Buffer, isBinary: boolean): Envelope | null {
    if (isBinary) return this.#envelopeOf(this.#packets.take(payload));
    const [type, text] = [payload.toString('latin1', 0, 1), payload.toString('utf8', 1)];
    if (type === ENGINE_TYPE.ping) this.#sendText(`${ENGINE_TYPE.pong}${text}`);
    return type === ENGINE_TYPE.message ? this.#envelopeOf(this.#packets.take(text)) : null;
  }

  #envelopeOf(packet: Packet | null): Envelope | null {
    const { type, data, id } = packet ?? {};
    if (type === PACKET.connect) {
      this.#sendPacket({ type, namespace: this.#namespace, id: null, data: { sid: 'null' } });
    }
    if (type === PACKET.disconnect) this.end();
    const values = Array.isArray(data) ? data : [];
    if (type === PACKET.ack) return { event: '', data: values[0], ack: id ?? -1 };
    if (type !== PACKET.event) return null;
    return { event: String(values[0]), data: values[1], ...(typeof id === 'number' ? { id } : {}) };
  }

  #sendText(text: string): void {
    this.write(serverFrame(OPCODE.text, Buffer.from(text)));
  }

  #sendPacket(packet: Packet): void {
    this.write(framesOf(packet));
  }

  override encode({ event, data, id, ack }: Envelope): Buffer {
    const namespace = this.#namespace;
    return ack === undefined
      ? framesOf({ type: PACKET.event, namespace, id: id ?? null, data: [event, data] })
      : framesOf({ type: PACKET.ack, namespace, id: ack, data: [data] });
  }
}

/** The text of a packet in one frame, and each attachment in another. */
function framesOf(packet: Packet): Buffer {
  const messages = encodePacket(packet);
  return Buffer.concat(
    messages.map((message) =>
      typeof message === 'string'
        ? serverFrame(OPCODE.text, Buffer.from(`${ENGINE_TYPE.message}${message}`))
        : serverFrame(OPCODE.binary, message),
    ),
  );
}
