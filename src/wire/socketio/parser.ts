import type { SocketioParser } from '../../contract/target.ts';
import { messageOf } from '../../errors.ts';
import { PACKET, type Packet, type PacketCodec, type PacketMessage } from './packet.ts';

/** What Socket.IO calls of a parser. Source: the section "Custom parser" of its documentation. */
interface Coder {
  encode(packet: object): unknown;
  add(message: string | Buffer): void;
  on(event: 'decoded', handler: (packet: unknown) => void): void;
}

/** A parser of the user, for one connection. */
export function parserPackets({ Encoder, Decoder }: SocketioParser): PacketCodec {
  return new ParserPackets(new Encoder() as Coder, new Decoder() as Coder);
}

class ParserPackets implements PacketCodec {
  readonly #encoder: Coder;
  readonly #decoder: Coder;
  #decoded: unknown[] = [];
  /** Whether a packet came while no message was being decoded. */
  #isLate = false;
  #isDecoding = false;

  constructor(encoder: Coder, decoder: Coder) {
    this.#encoder = encoder;
    this.#decoder = decoder;
    decoder.on('decoded', (packet) => {
      if (this.#isDecoding) this.#decoded.push(packet);
      else this.#isLate = true;
    });
  }

  encode({ type, namespace: nsp, id, data }: Packet): readonly PacketMessage[] {
    const packet = {
      type,
      nsp,
      ...(data === null ? {} : { data }),
      ...(id === null ? {} : { id }),
      options: { compress: true },
    };
    const messages = this.#encoder.encode(packet);
    if (!Array.isArray(messages))
      throw new Error('Encoder.encode of the parser returned no list of messages');
    return messages.map(messageFrom);
  }

  take(message: PacketMessage): Packet | null {
    if (this.#isLate) throw new Error('the parser decodes after Decoder.add returned; use --driver official');
    this.#isDecoding = true;
    try {
      this.#decoder.add(typeof message === 'string' ? message : Buffer.from(message));
    } catch (error) {
      this.#decoded = [];
      throw new Error(`Decoder.add of the parser failed: ${messageOf(error)}`);
    } finally {
      this.#isDecoding = false;
    }
    const [packet = null, another] = this.#decoded;
    this.#decoded = [];
    if (another !== undefined) {
      throw new Error('the parser decoded several packets at once; use --driver official');
    }
    return packet === null ? null : packetFrom(packet);
  }

  isWaiting(): boolean {
    return false;
  }
}

function messageFrom(message: unknown): PacketMessage {
  if (typeof message === 'string' || message instanceof Uint8Array) return message;
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  throw new Error('Encoder.encode of the parser returned a message that is neither text nor bytes');
}

/** The types that the default parser has for packets with attachments. */
const TYPE_OF: Readonly<Record<number, number>> = {
  [PACKET.binaryEvent]: PACKET.event,
  [PACKET.binaryAck]: PACKET.ack,
};

function packetFrom(decoded: unknown): Packet {
  const { type, nsp, id, data } = Object(decoded) as Readonly<Record<string, unknown>>;
  if (typeof type !== 'number' || typeof nsp !== 'string') throw new Error('the parser decoded no packet');
  const own = TYPE_OF[type] ?? type;
  const hasList = own === PACKET.event || own === PACKET.ack;
  if (hasList && !Array.isArray(data)) throw new Error('the parser decoded a packet whose data are no list');
  return { type: own, namespace: nsp, id: typeof id === 'number' ? id : null, data: data ?? null };
}
