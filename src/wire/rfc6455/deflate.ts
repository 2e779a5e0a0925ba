import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { messageOf } from '../../errors.ts';
import { CLOSE_CODE } from './frame.ts';
import { PAYLOAD_TOO_BIG, Violation } from './frame-header.ts';

/** permessage-deflate (RFC 7692), as a client offers it and uses it. */

/** The window of deflate at its largest, which is what a server uses unless a client limits it (section 7.1.2). */
const WINDOW_BYTES = 32 * 1024;
/** What a sender removes from the end of a message, and a receiver adds again (section 7.2). */
const DEFLATE_TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const EXTENSION = 'permessage-deflate';

/** Each message of the client is compressed on its own, so that frames may be prepared in any order. */
export const DEFLATE_OFFER = `${EXTENSION}; client_no_context_takeover`;

/** What was agreed on. */
export interface DeflateParameters {
  /** Whether the server compresses each message on its own. */
  readonly serverForgets: boolean;
}

/**
 * Reads the answer to {@link DEFLATE_OFFER}. A text says why it is none, in the words of the ws package: another
 * extension, a parameter that does not exist or is given twice, or a value that is not allowed (section 7.1).
 */
export function readDeflateAnswer(extensions: string): DeflateParameters | string {
  const [name, ...parameters] = extensions.split(';').map((part) => part.trim());
  if (name !== EXTENSION) return 'Server indicated an extension that was not requested';
  const seen = new Set<string>();
  for (const parameter of parameters) {
    const [key = '', ...values] = parameter.split('=').map((part) => part.trim());
    if (seen.has(key) || values.length > 1 || !isAllowedParameter(key, values[0]))
      return 'Invalid Sec-WebSocket-Extensions header';
    seen.add(key);
  }
  return { serverForgets: seen.has('server_no_context_takeover') };
}

function isAllowedParameter(key: string, value: string | undefined): boolean {
  switch (key) {
    case 'client_no_context_takeover':
    case 'server_no_context_takeover':
      return value === undefined;
    case 'server_max_window_bits':
      return value !== undefined && /^(8|9|1[0-5]|"(8|9|1[0-5])")$/.test(value);
    default:
      // client_max_window_bits was not offered.
      return false;
  }
}

/** Inflates the messages of one server. A message that is too large, or cannot be inflated, throws a Violation. */
export class Inflater {
  readonly #serverForgets: boolean;
  readonly #maxMessageBytes: number;
  /** The end of what was inflated so far: later messages refer to it. */
  #window = Buffer.alloc(0);

  constructor({ serverForgets }: DeflateParameters, maxMessageBytes: number) {
    this.#serverForgets = serverForgets;
    this.#maxMessageBytes = maxMessageBytes;
  }

  inflate(payload: Buffer): Buffer {
    const message = this.#inflateWhole(Buffer.concat([payload, DEFLATE_TAIL]));
    if (!this.#serverForgets) {
      const kept = Buffer.concat([this.#window, message]);
      this.#window = Buffer.from(kept.subarray(Math.max(0, kept.length - WINDOW_BYTES)));
    }
    return message;
  }

  #inflateWhole(deflated: Buffer): Buffer {
    try {
      return inflateRawSync(deflated, {
        finishFlush: constants.Z_SYNC_FLUSH,
        maxOutputLength: this.#maxMessageBytes,
        ...(this.#window.length === 0 ? {} : { dictionary: this.#window }),
      });
    } catch (error) {
      if (error instanceof RangeError) throw new Violation(CLOSE_CODE.tooBig, PAYLOAD_TOO_BIG);
      throw new Violation(CLOSE_CODE.invalidData, `a message cannot be inflated: ${messageOf(error)}`);
    }
  }
}

/** Compresses a message of a client (section 7.2.1). */
export function deflateMessage(payload: string | Uint8Array): Buffer {
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  const hasTail = deflated.subarray(-DEFLATE_TAIL.length).equals(DEFLATE_TAIL);
  return hasTail ? deflated.subarray(0, -DEFLATE_TAIL.length) : deflated;
}
