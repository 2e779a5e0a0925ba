import { createHash, randomBytes } from 'node:crypto';
import { foreign } from '../../foreign.ts';
import { FIELD_NAME, FIELD_VALUE, type Response, ResponseReader } from './response.ts';

/** The opening handshake of a client (RFC 6455, section 4.1, over HTTP/1.1 of RFC 9112). */
export interface Handshake {
  /** Host and port, as the header Host has them. */
  readonly host: string;
  /** Path and query. */
  readonly path: string;
  /** Further headers. */
  readonly headers: Readonly<Record<string, string>>;
  /** Subprotocols to offer, best first. */
  readonly subprotocols: readonly string[];
  /** What to offer as Sec-WebSocket-Extensions; null for none. */
  readonly extensions: string | null;
}

/** What the server agreed to. */
export interface Accepted {
  /** Null when the server chose none. */
  readonly subprotocol: string | null;
  /** The value of Sec-WebSocket-Extensions; null when there is none. */
  readonly extensions: string | null;
  readonly headers: ReadonlyMap<string, string>;
}

/** Source: RFC 6455, section 1.3. */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The value of Sec-WebSocket-Accept with which a server answers a key (section 4.2.2). */
export function acceptOf(key: string): string {
  return createHash('sha1').update(`${key}${GUID}`).digest('base64');
}

/** Headers that the handshake itself sets. */
const OWN_HEADERS = /^(host|upgrade|connection|sec-websocket-(key|version|protocol|extensions))$/i;
const PATH = /^\/[\x21-\x7e]*$/;

/** Writes the request. Throws an Error for a path or a header that would break it. */
function writeRequest({ host, path, headers, subprotocols, extensions }: Handshake, key: string): Buffer {
  const given = Object.entries(headers);
  const [, givenHost = host] = given.find(([name]) => name.toLowerCase() === 'host') ?? [];
  const fields: Array<readonly [string, string]> = [
    ['Host', givenHost],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
    ...given.filter(([name]) => !OWN_HEADERS.test(name)),
  ];
  if (subprotocols.length > 0) fields.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')]);
  if (extensions !== null) fields.push(['Sec-WebSocket-Extensions', extensions]);
  for (const [name, value] of fields) {
    if (!FIELD_NAME.test(name) || !FIELD_VALUE.test(value))
      throw new Error(`the header ${name} cannot be sent`);
  }
  if (!PATH.test(path)) throw new Error(`the path ${path} cannot be sent`);
  const lines = [`GET ${path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

/** How reading an answer ended. */
export type HandshakeOutcome =
  /** `rest`: the bytes that came with the answer, which are the first of the WebSocket. */
  | { readonly kind: 'accepted'; readonly accepted: Accepted; readonly rest: Buffer }
  /** `reason`: why there is no connection. */
  | { readonly kind: 'refused'; readonly reason: string };

/** One opening handshake: the request, and the answer to it, read from a stream that may be cut anywhere. */
export class OpeningHandshake {
  readonly request: Buffer;
  readonly #key: string;
  readonly #offered: Pick<Handshake, 'subprotocols' | 'extensions'>;
  readonly #answer = new ResponseReader();

  /** `key`: 16 random bytes in base64. Throws an Error for a path or a header that cannot be sent. */
  constructor(handshake: Handshake, key = randomBytes(16).toString('base64')) {
    this.#key = key;
    this.#offered = handshake;
    this.request = writeRequest(handshake, key);
  }

  /** Takes the next bytes. Null while the answer is not complete. */
  push(bytes: Buffer): HandshakeOutcome | null {
    const answer = this.#answer.push(bytes);
    if (answer === null) return null;
    if (typeof answer === 'string') return { kind: 'refused', reason: answer };
    const reason = this.#problemOf(answer);
    if (reason !== null) return { kind: 'refused', reason };
    const { headers, rest } = answer;
    const subprotocol = headers.get('sec-websocket-protocol') ?? null;
    const extensions = headers.get('sec-websocket-extensions') ?? null;
    return { kind: 'accepted', accepted: { subprotocol, extensions, headers }, rest };
  }

  /** The checks of section 4.1; reasons are those of the ws package, which users know. Null when all hold. */
  #problemOf({ status, isOld, headers }: Response): string | null {
    if (status !== 101) return refusalOf(status, headers.get('location'));
    if (isOld) return 'the answer is HTTP/1.0, which cannot upgrade';
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return 'Invalid Upgrade header';
    if (!tokensOf(headers.get('connection')).includes('upgrade')) return 'Invalid Connection header';
    if (headers.get('sec-websocket-accept') !== acceptOf(this.#key))
      return 'Invalid Sec-WebSocket-Accept header';
    const { subprotocols, extensions } = this.#offered;
    if (headers.has('sec-websocket-extensions') && extensions === null)
      return 'Server sent a Sec-WebSocket-Extensions header but no extension was requested';
    const subprotocol = headers.get('sec-websocket-protocol');
    if (subprotocol === undefined) return subprotocols.length > 0 ? 'Server sent no subprotocol' : null;
    if (subprotocols.length === 0) return 'Server sent a subprotocol but none was requested';
    return subprotocols.includes(subprotocol) ? null : 'Server sent an invalid subprotocol';
  }
}

/** A server that is no WebSocket at this path. Redirects are not followed: load stays at the address that was allowed. */
function refusalOf(status: number, location: string | undefined): string {
  const isRedirect = status >= 300 && status < 400 && location !== undefined;
  return isRedirect ? `HTTP status ${status} (redirects to ${foreign(location)})` : `HTTP status ${status}`;
}

/** The tokens of a list, in lower case. */
function tokensOf(list = ''): string[] {
  return list.split(',').map((token) => token.trim().toLowerCase());
}
