/** The head of an HTTP/1.1 response (RFC 9112), as far as the opening handshake needs it. */
export interface Response {
  readonly status: number;
  /** Whether it is of HTTP/1.0. */
  readonly isOld: boolean;
  /** By name in lower case; the values of one name are joined by commas (RFC 9110, section 5.3). */
  readonly headers: ReadonlyMap<string, string>;
  /** What came with the head and is not a part of it. */
  readonly rest: Buffer;
}

/** A field name is a token, and a field value has no control characters but the tab (RFC 9110, sections 5.1 and 5.5). */
export const FIELD_NAME = /^[!#$%&'*+.^_`|~\w-]+$/;
export const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** A server that sends headers without end is given up here. Node.js has the same limit. */
const MAX_HEAD_BYTES = 16 * 1024;
const END_OF_HEAD = '\r\n\r\n';
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

const START = 'HTTP/1.';
const STATUS_LINE = /^HTTP\/1\.(\d) (\d{3})(?: [\t\x20-\x7e\x80-\xff]*)?$/;

const NOT_HTTP = 'the answer is not HTTP/1.1';
const UNREADABLE = 'the answer has a header that cannot be read';
const TOO_LONG = `the answer has more than ${MAX_HEAD_BYTES / 1024} KiB of headers`;

/** Reads the head of a response from a stream that may be cut anywhere. Interim responses before it are skipped. */
export class ResponseReader {
  #head = Buffer.alloc(0);
  /** How many bytes of `#head` were looked at. */
  #known = 0;
  /** Of the interim responses: a server that sends them without end is given up. */
  #skippedBytes = 0;

  /** Takes the next bytes. Null while the head is not complete; a text says why it cannot be read. */
  push(bytes: Buffer): Response | string | null {
    this.#head = Buffer.concat([this.#head, bytes]);
    for (;;) {
      const end = this.#head.indexOf(END_OF_HEAD, Math.max(0, this.#known - END_OF_HEAD.length), 'latin1');
      const head = end < 0 ? this.#head : this.#head.subarray(0, end);
      const problem = problemOfBeginning(head, this.#known);
      if (problem !== null) return problem;
      if (this.#skippedBytes + head.length > MAX_HEAD_BYTES) return TOO_LONG;
      this.#known = head.length;
      if (end < 0) return null;
      const rest = this.#head.subarray(end + END_OF_HEAD.length);
      const response = readHead(head.toString('latin1'), rest);
      if (typeof response === 'string' || !isInterim(response)) return response;
      this.#skippedBytes += end + END_OF_HEAD.length;
      this.#head = rest;
      this.#known = 0;
    }
  }
}

/** A response to the same request follows (RFC 9110, section 15.2), but for that to an upgrade. */
function isInterim({ status }: Response): boolean {
  return status >= 100 && status < 200 && status !== 101;
}

/**
 * Finds what cannot become a response before it ends, which it may never do: another protocol, or a line that ends with a
 * line feed alone (RFC 9112, section 2.2). The first `known` bytes were looked at before.
 */
function problemOfBeginning(head: Buffer, known: number): string | null {
  if (known < START.length && !START.startsWith(head.toString('latin1', 0, START.length))) return NOT_HTTP;
  for (let at = head.indexOf(LINE_FEED, known); at >= 0; at = head.indexOf(LINE_FEED, at + 1)) {
    if (head[at - 1] !== CARRIAGE_RETURN) return 'the answer has a line that does not end with CR LF';
  }
  return null;
}

function readHead(head: string, rest: Buffer): Response | string {
  const [statusLine = '', ...lines] = head.split('\r\n');
  const [, minorVersion, status] = STATUS_LINE.exec(statusLine) ?? [];
  if (status === undefined) return NOT_HTTP;
  const headers = readHeaders(lines);
  return headers === null
    ? UNREADABLE
    : { status: Number(status), isOld: minorVersion === '0', headers, rest };
}

/** Reads header lines (RFC 9112, section 5); null when one is none. */
function readHeaders(lines: readonly string[]): Map<string, string> | null {
  const headers = new Map<string, string>();
  let last = '';
  for (const line of lines) {
    // A line that begins with white space continues the one before it (section 5.2).
    const isFolded = /^[ \t]/.test(line);
    const colon = line.indexOf(':');
    const name = isFolded ? last : line.slice(0, Math.max(0, colon)).toLowerCase();
    const value = (isFolded ? line : line.slice(colon + 1)).trim();
    if (!FIELD_NAME.test(name) || !FIELD_VALUE.test(value)) return null;
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}${isFolded ? '' : ','} ${value}`.trim());
    last = name;
  }
  return headers;
}
