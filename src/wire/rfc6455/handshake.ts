import { createHash, randomBytes } from 'node:crypto';

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

/** A server that sends headers without end is given up here. Node.js has the same limit. */
const MAX_HEAD_BYTES = 16 * 1024;
const END_OF_HEAD = '\r\n\r\n';

/** Headers that the handshake itself sets. */
const OWN_HEADERS = /^(host|upgrade|connection|sec-websocket-(key|version|protocol|extensions))$/i;
/** A field name is a token, and a field value has no control characters but the tab (RFC 9110, sections 5.1 and 5.5). */
const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const FIELD_VALUE = /^[^\x00-\x08\x0a-\x1f\x7f]*$/;

/** The request of a client: its bytes, and the key that the answer is checked against. */
export interface HandshakeRequest {
  readonly bytes: Buffer;
  readonly key: string;
}

/** Writes the request. Throws an Error for a header that would break it. */
export function writeHandshake(handshake: Handshake): HandshakeRequest {
  const { host, path, headers, subprotocols, extensions } = handshake;
  const key = randomBytes(16).toString('base64');
  const fields: Array<readonly [string, string]> = [
    ['Host', headers['host'] ?? headers['Host'] ?? host],
    ['Upgrade', 'websocket'],
    ['Connection', 'Upgrade'],
    ['Sec-WebSocket-Key', key],
    ['Sec-WebSocket-Version', '13'],
    ...Object.entries(headers).filter(([name]) => !OWN_HEADERS.test(name)),
  ];
  if (subprotocols.length > 0) fields.push(['Sec-WebSocket-Protocol', subprotocols.join(', ')]);
  if (extensions !== null) fields.push(['Sec-WebSocket-Extensions', extensions]);
  for (const [name, value] of fields) {
    if (!FIELD_NAME.test(name) || !FIELD_VALUE.test(value))
      throw new Error(`the header ${name} cannot be sent`);
  }
  const lines = [`GET ${path} HTTP/1.1`, ...fields.map(([name, value]) => `${name}: ${value}`)];
  return { bytes: Buffer.from(`${lines.join('\r\n')}${END_OF_HEAD}`, 'latin1'), key };
}

/** How reading an answer ended. */
export type HandshakeOutcome =
  | { readonly kind: 'accepted'; readonly accepted: Accepted; readonly rest: Buffer }
  /** `reason`: why there is no connection. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Reads the answer to a handshake, from a stream that may be cut anywhere. */
export class HandshakeReader {
  readonly #key: string;
  readonly #offered: Pick<Handshake, 'subprotocols' | 'extensions'>;
  #head = Buffer.alloc(0);

  constructor(key: string, offered: Pick<Handshake, 'subprotocols' | 'extensions'>) {
    this.#key = key;
    this.#offered = offered;
  }

  /** Takes the next bytes. Null while the answer is not complete. */
  push(bytes: Buffer): HandshakeOutcome | null {
    const searchFrom = Math.max(0, this.#head.length - END_OF_HEAD.length);
    this.#head = Buffer.concat([this.#head, bytes]);
    const end = this.#head.indexOf(END_OF_HEAD, searchFrom, 'latin1');
    if (end < 0 ? this.#head.length > MAX_HEAD_BYTES : end > MAX_HEAD_BYTES) {
      return refused(`the answer has more than ${MAX_HEAD_BYTES / 1024} KiB of headers`);
    }
    if (end < 0) return null;
    const rest = this.#head.subarray(end + END_OF_HEAD.length);
    const [status = '', ...lines] = this.#head.toString('latin1', 0, end).split('\r\n');
    const problem = problemOfStatus(status);
    if (problem !== null) return refused(problem);
    const headers = readHeaders(lines);
    if (headers === null) return refused('the answer has a header that cannot be read');
    return this.#check(headers, rest);
  }

  /** The checks of section 4.1, from 2 on. */
  #check(headers: ReadonlyMap<string, string>, rest: Buffer): HandshakeOutcome {
    const { subprotocols, extensions: offered } = this.#offered;
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket')
      return refused('the answer does not upgrade to WebSocket');
    if (!tokensOf(headers.get('connection')).includes('upgrade'))
      return refused('the answer does not upgrade');
    const accept = createHash('sha1').update(`${this.#key}${GUID}`).digest('base64');
    if (headers.get('sec-websocket-accept') !== accept)
      return refused('the answer has a wrong Sec-WebSocket-Accept');
    const subprotocol = headers.get('sec-websocket-protocol') ?? null;
    if (subprotocol !== null && !subprotocols.includes(subprotocol)) {
      return refused(`the server chose the subprotocol "${subprotocol}", which was not offered`);
    }
    if (subprotocol === null && subprotocols.length > 0)
      return refused('the server chose none of the subprotocols');
    const extensions = headers.get('sec-websocket-extensions') ?? null;
    if (extensions !== null && offered === null)
      return refused('the server chose an extension that was not offered');
    return { kind: 'accepted', accepted: { subprotocol, extensions, headers }, rest };
  }
}

function refused(reason: string): HandshakeOutcome {
  return { kind: 'refused', reason };
}

/** Why the status is not that of an upgrade; null when it is. Redirects are not followed. */
function problemOfStatus(line: string): string | null {
  const [, status] = /^HTTP\/1\.1 (\d{3})(?: .*)?$/.exec(line) ?? [];
  if (status === undefined) return 'the answer is not HTTP/1.1';
  return status === '101' ? null : `HTTP status ${status}`;
}

/** Headers by name in lower case, those of one name joined; null when a line is none (RFC 9112, section 5). */
function readHeaders(lines: readonly string[]): Map<string, string> | null {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (!FIELD_NAME.test(name)) return null;
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return headers;
}

/** The tokens of a list, in lower case. */
function tokensOf(list = ''): string[] {
  return list.split(',').map((token) => token.trim().toLowerCase());
}
