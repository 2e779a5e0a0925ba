/** Where a screen writes. */
export interface ScreenHost {
  readonly write: (text: string) => void;
  /** Size of the terminal now; it changes when the user resizes it. */
  readonly size: () => { readonly columns: number; readonly rows: number };
}

/** The screen of a stream; null for one that is no terminal, or one that ignores control sequences. */
export function screenOf(
  stream: NodeJS.WriteStream,
  env: Readonly<Record<string, string | undefined>>,
): Screen | null {
  if (!stream.isTTY || env['TERM'] === 'dumb') return null;
  return new Screen({
    write: (text) => void stream.write(text),
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
  });
}

const ERASE_BELOW = '\u001b[J';
const ERASE_REST_OF_LINE = '\u001b[K';
/** A line that is too long, as of wide characters, is cut by the terminal and takes one row all the same. */
const WRAP_OFF = '\u001b[?7l';
const WRAP_ON = '\u001b[?7h';
const up = (rows: number) => `\u001b[${rows}A`;

/**
 * A few lines below all other output of a terminal, redrawn in place. The cursor rests on an empty line above them. It
 * stays there when the terminal is resized, whether or not that wraps the lines anew, and a line that another process
 * writes lands there.
 */
export class Screen {
  readonly #host: ScreenHost;
  #lines: readonly string[] = [];

  constructor(host: ScreenHost) {
    this.#host = host;
  }

  get columns(): number {
    return this.#host.size().columns;
  }

  /** Draws the lines in place of those before. None of them has a line break; all of them fit the columns. */
  draw(lines: readonly string[]): void {
    // The terminal scrolls when there is no room below the cursor, and must not lose the first line that way.
    this.#lines = lines.slice(0, Math.max(0, this.#host.size().rows - 1));
    if (this.#lines.length === 0) return;
    const drawn = this.#lines.map((line) => `\r\n${line}${ERASE_REST_OF_LINE}`).join('');
    const below = `\r${ERASE_REST_OF_LINE}${WRAP_OFF}${drawn}${WRAP_ON}${ERASE_BELOW}`;
    this.#host.write(`${below}${up(this.#lines.length)}\r`);
  }

  /** Erases the lines. */
  clear(): void {
    if (this.#lines.length > 0) this.#host.write(`\r${ERASE_BELOW}`);
    this.#lines = [];
  }

  /** Writes other output, which ends with a line break, above the lines. */
  above(write: () => void): void {
    const lines = this.#lines;
    this.clear();
    write();
    if (lines.length > 0) this.draw(lines);
  }
}
