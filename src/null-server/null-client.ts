import type { Envelope } from '../contract/protocol.ts';
import { OPCODE } from '../wire/rfc6455/frame.ts';
import { acceptOf } from '../wire/rfc6455/handshake.ts';
import { ClientFrames } from './client-frames.ts';
import type { Peer, PeerHandlers } from './peer.ts';
import { serverFrame } from './server-frame.ts';

const END_OF_REQUEST = '\r\n\r\n';
const MAX_REQUEST_BYTES = 16 * 1024;

/** The texts around a message that a client publishes, and around the same message on its way to the receivers. */
export interface Relay {
  readonly published: Buffer;
  readonly delivered: Buffer;
  readonly deliveredEnd: Buffer;
}

/** What the null server does with messages, in every protocol. */
export interface MessageHandlers {
  /** Relays a published text message by position; returns false for any other message. */
  readonly relay: (from: NullClient, text: Buffer) => boolean;
  readonly handle: (from: NullClient, envelope: Envelope) => void;
  readonly leave: (from: NullClient) => void;
}

/** One client of the null server: the opening handshake, then frames. A protocol says what is in them. */
export abstract class NullClient implements PeerHandlers {
  abstract readonly relay: Relay;
  readonly #peer: Peer;
  readonly #messages: MessageHandlers;
  readonly #frames = new ClientFrames((opcode, payload) => this.#take(opcode, payload));
  /** Null once the handshake is over. */
  #request: Buffer | null = Buffer.alloc(0);

  constructor(peer: Peer, messages: MessageHandlers) {
    this.#peer = peer;
    this.#messages = messages;
  }

  /** Called when the connection is a WebSocket. */
  protected abstract greet(): void;

  /** Returns the parts of the reply to a request whose data come back unchanged; null for any other message. */
  protected abstract replyTo(text: Buffer): readonly Uint8Array[] | null;

  /** Reads a message that has to be parsed; null for one that is no event. Throws for one that cannot be read. */
  protected abstract read(payload: Buffer, isBinary: boolean): Envelope | null;

  /** Returns the frames of an event or acknowledgement. */
  abstract encode(envelope: Envelope): Buffer;

  readonly onBytes = (bytes: Buffer): void => {
    if (this.#request === null) this.#frames.push(bytes);
    else this.#shakeHands(Buffer.concat([this.#request, bytes]));
  };

  readonly onGone = (): void => this.#messages.leave(this);

  write(frame: Buffer): void {
    this.#peer.write(frame);
  }

  /** Answers the opening handshake (section 4.2.2). */
  #shakeHands(request: Buffer): void {
    this.#request = request;
    const end = request.indexOf(END_OF_REQUEST, 0, 'latin1');
    if (end < 0) {
      if (request.length > MAX_REQUEST_BYTES) this.#peer.end();
      return;
    }
    const [, key] = /^sec-websocket-key: *(\S+)/im.exec(request.toString('latin1', 0, end)) ?? [];
    if (key === undefined) {
      this.write(
        Buffer.from('HTTP/1.1 426 Upgrade Required\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
      );
      this.#peer.end();
      return;
    }
    const head = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade';
    this.write(Buffer.from(`${head}\r\nSec-WebSocket-Accept: ${acceptOf(key)}${END_OF_REQUEST}`));
    this.#request = null;
    this.greet();
    const rest = request.subarray(end + END_OF_REQUEST.length);
    if (rest.length > 0) this.#frames.push(rest);
  }

  #take(opcode: number, payload: Buffer): void {
    switch (opcode) {
      case OPCODE.text:
        if (!this.#messages.relay(this, payload)) this.#takeMessage(payload, false);
        break;
      case OPCODE.binary:
        // What is decoded may refer to the bytes, which are lent.
        this.#takeMessage(Buffer.from(payload), true);
        break;
      case OPCODE.ping:
        this.write(serverFrame(OPCODE.pong, payload));
        break;
      case OPCODE.close:
        this.end(payload);
        break;
    }
  }

  #takeMessage(payload: Buffer, isBinary: boolean): void {
    const reply = isBinary ? null : this.replyTo(payload);
    if (reply !== null) {
      this.write(serverFrame(OPCODE.text, ...reply));
      return;
    }
    try {
      const envelope = this.read(payload, isBinary);
      if (envelope !== null) this.#messages.handle(this, envelope);
    } catch {
      this.end();
    }
  }

  /** Closes the connection with a code and a reason, if there are any. */
  protected end(close: Buffer = Buffer.alloc(0)): void {
    this.write(serverFrame(OPCODE.close, close));
    this.#peer.end();
  }
}
