import { type Client, type DecodedEvent, type FrameCodec, forClient } from '../contract/target.ts';
import {
  callIdIn,
  type GivenTarget,
  type ObjectData,
  objectOf,
  type Preset,
  requireText,
  roomOf,
} from './preset.ts';

const HEART_BEAT = 'heart-beat';
const HEART_BEAT_MS = 10_000;
const NUL = 0;
const LF = 10;
const CR = 13;

const HEADER_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\r': '\\r',
  '\n': '\\n',
  ':': '\\c',
};
const HEADER_UNESCAPES: Readonly<Record<string, string>> = {
  '\\\\': '\\',
  '\\r': '\r',
  '\\n': '\n',
  '\\c': ':',
};

const escapedHeader = (text: string) =>
  text.replace(/[\\\r\n:]/g, (character) => HEADER_ESCAPES[character] ?? character);
const unescapedHeader = (text: string) =>
  text.replace(/\\[\s\S]?/g, (sequence) => {
    const character = HEADER_UNESCAPES[sequence];
    if (character === undefined) throw new Error(`a header with the undefined escape ${sequence}`);
    return character;
  });

/** The header lines of a frame. Those of CONNECT and CONNECTED are not escaped. */
function headerLines(command: string, headers: ObjectData): string {
  const isPlain = command === 'CONNECT';
  return Object.entries(headers)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) =>
      isPlain ? `${name}:${String(value)}\n` : `${escapedHeader(name)}:${escapedHeader(String(value))}\n`,
    )
    .join('');
}

/** A SUBSCRIBE needs an id; the destination is one where the user gives none. */
function headersFor(command: string, headers: ObjectData, receipt: number | string | undefined): ObjectData {
  const id =
    command === 'SUBSCRIBE'
      ? { id: requireText(command, headers, 'destination', "{ event: 'SUBSCRIBE', data: { destination } }") }
      : {};
  return { ...id, ...headers, receipt };
}

function readHeaders(command: string, lines: readonly string[]): Readonly<Record<string, string>> {
  const read = command === 'CONNECTED' ? (text: string) => text : unescapedHeader;
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 0) throw new Error(`the header line "${line}" has no colon`);
    // Of a header that is repeated, the first counts.
    headers[read(line.slice(0, colon))] ??= read(line.slice(colon + 1));
  }
  return headers;
}

function eventsOfFrame(
  command: string,
  headers: Readonly<Record<string, string>>,
  body: string | Buffer,
): DecodedEvent[] {
  const receipt = callIdIn(headers['receipt-id']);
  const event = { event: command, data: { ...headers, body } };
  if (command === 'RECEIPT') return receipt === null ? [event] : [{ ack: receipt, data: headers }];
  if (command !== 'ERROR' || receipt === null) return [event];
  return [{ ack: receipt, data: { error: headers['message'] ?? String(body) } }, event];
}

/** Where the body of a frame begins: behind the first empty line. -1 where the headers are incomplete. */
function bodyAt(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(LF, from); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at + 1] === LF) return at + 2;
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return at + 3;
  }
  return -1;
}

/** Reads frames from the messages of one connection. A frame may continue in the next message. */
export function createStompCodec(): FrameCodec {
  let rest = Buffer.alloc(0);

  /** Reads the frame at a place: its events, and where it ends. Null for an incomplete one. */
  function readFrame(bytes: Buffer, from: number, isBinary: boolean) {
    const at = bodyAt(bytes, from);
    if (at < 0) return null;
    const [command = '', ...lines] = bytes.toString('utf8', from, at).trimEnd().split(/\r?\n/);
    const headers = readHeaders(command, lines);
    const length = headers['content-length'];
    const end = length === undefined ? bytes.indexOf(NUL, at) : at + Number(length);
    if (end < 0 || end >= bytes.length) return null;
    if (bytes[end] !== NUL)
      throw new Error(`the body of ${command} is longer than its content-length ${length}`);
    const body = bytes.subarray(at, end);
    return { events: eventsOfFrame(command, headers, isBinary ? body : body.toString()), end: end + 1 };
  }

  return {
    encode({ event, data, id }) {
      if (event === HEART_BEAT) return '\n';
      const { body, ...headers } = objectOf(data);
      const lines = headerLines(event, headersFor(event, headers, id));
      if (!(body instanceof Uint8Array))
        return `${event}\n${lines}\n${body === undefined ? '' : String(body)}\0`;
      const head = Buffer.from(`${event}\n${lines}content-length:${body.length}\n\n`);
      return Buffer.concat([head, body, Buffer.of(NUL)]);
    },
    decode(message, isBinary) {
      const bytes = rest.length === 0 ? message : Buffer.concat([rest, message]);
      const events: DecodedEvent[] = [];
      let at = 0;
      rest = Buffer.alloc(0);
      for (;;) {
        // Heart-beats, and line ends that may follow a frame.
        while (bytes[at] === LF || bytes[at] === CR) at += 1;
        if (at >= bytes.length) return events;
        const frame = readFrame(bytes, at, isBinary);
        if (frame === null) {
          rest = Buffer.from(bytes.subarray(at));
          return events;
        }
        events.push(...frame.events);
        at = frame.end;
      }
    },
  };
}

async function connectHeaders({ auth, url }: GivenTarget, client: Client): Promise<ObjectData> {
  const address = await forClient(url, client);
  return {
    'accept-version': '1.2',
    host: new URL(address ?? '').hostname,
    // This client sends heart-beats and expects none.
    'heart-beat': `${2 * HEART_BEAT_MS},0`,
    ...(await forClient(auth, client)),
  };
}

const destinationOf = (room: string) => `/topic/${room}`;

/** https://stomp.github.io/stomp-specification-1.2.html */
export const stomp: Preset = {
  summary:
    'STOMP 1.2. Events are commands; data are headers and `body`. An acknowledgement is a `RECEIPT`. Rooms are destinations `/topic/ROOM`.',
  auth: 'headers of `CONNECT`: `login`, `passcode`, `host`',
  fields: (given) => ({
    protocols: 'v12.stomp',
    codec: () => createStompCodec(),
    async opened(connection, client) {
      connection.emit('CONNECT', await connectHeaders(given, client));
      const answer = await Promise.race([
        connection.next('CONNECTED').then(() => null),
        connection.next('ERROR').then((data) => objectOf(data)),
      ]);
      if (answer !== null)
        throw new Error(`the server refuses the connection: ${answer['message'] ?? answer['body']}`);
    },
    keepAlive: { every: `${HEART_BEAT_MS / 1000}s`, send: () => ({ event: HEART_BEAT }) },
    leave: async (connection) => {
      await connection.call('DISCONNECT');
    },
    join: ({ rooms }) =>
      rooms.map((room) => ({ event: 'SUBSCRIBE', data: { destination: destinationOf(room) } })),
    publish: (message) => ({
      event: 'SEND',
      data: { destination: destinationOf(roomOf('stomp', message)), body: message.payload },
    }),
    delivery: { event: 'MESSAGE' },
  }),
};
