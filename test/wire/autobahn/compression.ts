import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { OPCODE } from '../../../src/wire/rfc6455/frame.ts';
import {
  type ClientFrame,
  FIN_BIT,
  partsOf,
  RSV1_BIT,
  readClientFrames,
  serverFrame,
} from '../support/frames.ts';
import { acceptanceOf, type MemoryPeer, memoryStreams } from '../support/memory-stream.ts';
import { echoing } from './case.ts';

const TAIL_BYTES = Buffer.from([0, 0, 0xff, 0xff]);

export interface ServerDeflate {
  /** What the server answers to the offer of the client. */
  readonly parameters: string;
  readonly forgets: boolean;
  readonly windowBits: number;
}

/** 13.1 to 13.7: what was asked for, as far as a client that offers no windows can be answered. */
export const PARAMETERS: Readonly<Record<string, ServerDeflate>> = {
  '13.1': { parameters: '', forgets: false, windowBits: 15 },
  '13.2': { parameters: '; server_no_context_takeover', forgets: true, windowBits: 15 },
  '13.3': { parameters: '; server_max_window_bits=9', forgets: false, windowBits: 9 },
  '13.4': { parameters: '; server_max_window_bits="15"', forgets: false, windowBits: 15 },
  '13.5': {
    parameters: '; server_no_context_takeover; server_max_window_bits=9',
    forgets: true,
    windowBits: 9,
  },
  '13.6': {
    parameters: '; server_max_window_bits=15 ;server_no_context_takeover',
    forgets: true,
    windowBits: 15,
  },
  '13.7': { parameters: '; client_no_context_takeover', forgets: false, windowBits: 15 },
};

/** Compresses as a server does: with what it sent before, unless it forgets. */
export class ServerDeflater {
  readonly #options: ServerDeflate;
  #before = Buffer.alloc(0);

  constructor(options: ServerDeflate) {
    this.#options = options;
  }

  deflate(payload: Buffer): Buffer {
    const { forgets, windowBits } = this.#options;
    const deflated = deflateRawSync(payload, {
      windowBits,
      finishFlush: constants.Z_SYNC_FLUSH,
      ...(this.#before.length === 0 ? {} : { dictionary: this.#before }),
    });
    if (!forgets) this.#before = Buffer.concat([this.#before, payload]).subarray(-(2 ** windowBits));
    return deflated.subarray(0, -TAIL_BYTES.length);
  }
}

/** A compressed message in fragments of at most `bytes`, with RSV1 in the first (RFC 7692, section 6.1). */
export function compressedFrames(kind: 'text' | 'binary', deflated: Buffer, bytes: number): Buffer[] {
  const parts = deflated.length === 0 ? [deflated] : partsOf(deflated, bytes);
  return parts.map((part, index) => {
    const fin = index === parts.length - 1 ? FIN_BIT : 0;
    return serverFrame(fin | (index === 0 ? RSV1_BIT | OPCODE[kind] : OPCODE.continuation), part);
  });
}

/** A client that agreed on permessage-deflate, in memory. */
export function compressing({ parameters }: Pick<ServerDeflate, 'parameters'>): {
  send(...frames: readonly Buffer[]): void;
  /** What the client sent since the last call. */
  take(): ClientFrame[];
} {
  const peers: MemoryPeer[] = [];
  echoing(
    memoryStreams((each) => peers.push(each)),
    80,
    true,
  );
  const [peer] = peers;
  if (peer === undefined) throw new Error('the client opened no connection');
  peer.open();
  const extension = `Sec-WebSocket-Extensions: permessage-deflate${parameters}\r\n`;
  peer.send(acceptanceOf(peer.take().toString('latin1'), extension));
  return {
    send: (...frames) => {
      for (const frame of frames) peer.send(frame);
    },
    take: () => readClientFrames(peer.take()).frames,
  };
}

/** The message of a compressed frame of a client, which compresses each message on its own. */
export function inflated({ payload }: ClientFrame): Buffer {
  return inflateRawSync(Buffer.concat([payload, TAIL_BYTES]), { finishFlush: constants.Z_SYNC_FLUSH });
}
