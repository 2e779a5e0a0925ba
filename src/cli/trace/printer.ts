import type { Paint } from '../../colour.ts';
import { foreign } from '../../foreign.ts';
import type { ShownReading, TracedFrame, TraceSink } from '../../run/trace/trace.ts';
import { formatCount } from '../../units.ts';

const TRACE_COLUMNS = 80;
/** A server that sends without end must not fill the terminal. */
const MAX_TRACE_LINES = 500;
const TIME_CHARACTERS = 8;
const READING_INDENT = ' '.repeat(TIME_CHARACTERS + 5);
/** A client shows so many messages of one event, and of all events, that have no payload of sockbench. */
const MAX_ASIDE_OF_EVENT = 10;
const MAX_ASIDE_OF_CLIENT = 100;
/** Of binary content, as many bytes as a line has room for. */
const HEX_BYTES = 16;

/** Prints what happens, in the order of time, in lines of at most 80 columns. */
export class TracePrinter implements TraceSink {
  readonly #write: (text: string) => void;
  readonly #paint: Paint;
  readonly #nowMs: () => number;
  #lines = 0;
  #left = 0;
  /** A message that was received and not read yet: how it is read says whether it is shown. */
  #unread: (() => string) | null = null;
  readonly #asides = new Map<string, number>();

  constructor(write: (text: string) => void, paint: Paint, nowMs: () => number) {
    this.#write = write;
    this.#paint = paint;
    this.#nowMs = nowMs;
    this.#write(
      paint('faint', `${'ms'.padStart(TIME_CHARACTERS)}  client, > sent or < received, kind, bytes, content`),
    );
    this.#write('\n');
  }

  frame(frame: TracedFrame): void {
    this.#showUnread();
    const line = this.#frameLine(frame);
    if (frame.direction === 'sent') this.#line(line());
    else this.#unread = line;
  }

  /** Takes the time of a frame; its line is made when it is shown. */
  #frameLine({ client, direction, shown: show }: TracedFrame): () => string {
    const time = this.#time();
    return () => {
      const { kind, bytes, content } = show();
      const isSent = direction === 'sent';
      const head = `${time}${String(client ?? '-').padStart(3)} ${isSent ? '>' : '<'} ${kind.padEnd(9)}${formatCount(bytes).padStart(7)}  `;
      const room = TRACE_COLUMNS - head.length;
      const shown = typeof content === 'string' ? cutToRoom(content, room) : hex(content, room);
      return this.#paint(isSent ? 'accent' : 'strong', head) + shown;
    };
  }

  /** A sentence about the message that came last. */
  reading({ client, event, text, isAside }: ShownReading): void {
    if (isAside && !this.#hasRoomAside(client, event)) {
      this.#left += 1;
      this.#unread = null;
      return;
    }
    this.#showUnread();
    for (const line of wrapped(foreign(text, 600), TRACE_COLUMNS - READING_INDENT.length - 2)) {
      this.#line(`${READING_INDENT}${this.#paint('faint', `  ${line}`)}`);
    }
  }

  /** A line that the server printed. */
  output(line: string): void {
    this.#showUnread();
    const head = `${this.#time()} server | `;
    this.#line(this.#paint('warning', head) + cutToRoom(line, TRACE_COLUMNS - head.length));
  }

  /** Says how much was left out. */
  end(): void {
    this.#showUnread();
    if (this.#left > 0)
      this.#write(`${READING_INDENT}  ${formatCount(this.#left)} more messages are not shown\n`);
  }

  #showUnread(): void {
    if (this.#unread !== null) this.#line(this.#unread());
    this.#unread = null;
  }

  /** Counts a message of no interest, and says whether it is one of the few that are shown. */
  #hasRoomAside(client: number, event: string): boolean {
    const counts = [`${client}`, `${client} ${event}`].map((key) => {
      const count = (this.#asides.get(key) ?? 0) + 1;
      if (this.#asides.size < MAX_TRACE_LINES || count > 1) this.#asides.set(key, count);
      return count;
    });
    const [ofClient = 0, ofEvent = 0] = counts;
    return ofClient <= MAX_ASIDE_OF_CLIENT && ofEvent <= MAX_ASIDE_OF_EVENT;
  }

  #time(): string {
    return this.#nowMs().toFixed(1).padStart(TIME_CHARACTERS);
  }

  #line(text: string): void {
    this.#lines += 1;
    if (this.#lines > MAX_TRACE_LINES) this.#left += 1;
    else this.#write(`${text.trimEnd()}\n`);
  }
}

/** Text in one line, without control characters, at most so many characters. */
function cutToRoom(text: string, room: number): string {
  const safe = foreign(text.slice(0, 4 * room), 4 * room);
  const isWhole = safe.length <= room && text.length <= 4 * room;
  return isWhole ? safe : `${safe.slice(0, room - 1)}\u2026`;
}

function hex(bytes: Buffer, room: number): string {
  const shown = Math.min(HEX_BYTES, Math.floor((room - 1) / 3));
  const text = bytes
    .subarray(0, shown)
    .toString('hex')
    .replaceAll(/(..)(?=.)/g, '$1 ');
  return bytes.length > shown ? `${text}\u2026` : text;
}

/** Breaks a sentence into lines; a word that is longer than a line is cutToRoom. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const part = word.length > width ? `${word.slice(0, width - 1)}\u2026` : word;
    if (line !== '' && line.length + 1 + part.length > width) {
      lines.push(line);
      line = part;
    } else {
      line = line === '' ? part : `${line} ${part}`;
    }
  }
  return [...lines, line];
}
