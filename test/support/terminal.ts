/**
 * A terminal of which the screen can be read: line breaks, wrapping, scrolling, and the control sequences that sockbench
 * uses. Throws for any other one. As in xterm, a character in the last column wraps when the next one comes.
 */
export class FakeTerminal {
  #columns: number;
  readonly #rows: number;
  /** What has scrolled away, and the screen; the last rows are the screen. */
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #wraps = true;

  constructor(columns: number, rows = 24) {
    this.#columns = columns;
    this.#rows = rows;
  }

  /** Changes the width; lines stay as they are, as in xterm. */
  resize(columns: number): void {
    this.#columns = columns;
    this.#column = Math.min(this.#column, columns - 1);
    this.#lines = this.#lines.map((line) => line.slice(0, columns));
  }

  /** The text of all rows, without the empty ones at the end. */
  get text(): string[] {
    const rows = this.#lines.map((line) =>
      Array.from(line, (cell) => cell ?? ' ')
        .join('')
        .trimEnd(),
    );
    while (rows.at(-1) === '') rows.pop();
    return rows;
  }

  /** The row of the cursor, from 0, and its column. */
  get cursor(): readonly [row: number, column: number] {
    return [this.#row, this.#column];
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal reads them.
    for (const [token] of text.matchAll(/\u001b\[[\d;?]*[A-Za-z]|[\s\S]/gu)) this.#take(token);
  }

  #take(token: string): void {
    if (token.startsWith('\u001b[')) this.#control(token.slice(2, -1), token.slice(-1));
    else if (token === '\r') this.#column = 0;
    else if (token === '\n') this.#feed();
    else this.#print(token);
  }

  #print(token: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a control character would act on a terminal.
    if (/[\u0000-\u001f\u007f]/.test(token)) throw new Error(`unexpected ${JSON.stringify(token)}`);
    if (this.#column >= this.#columns) {
      if (!this.#wraps) this.#column = this.#columns - 1;
      else {
        this.#column = 0;
        this.#feed();
      }
    }
    const line = this.#line(this.#row);
    line[this.#column] = token;
    this.#column += 1;
  }

  #feed(): void {
    this.#row += 1;
    this.#line(this.#row);
  }

  #line(row: number): string[] {
    while (this.#lines.length <= row) this.#lines.push([]);
    return this.#lines[row] ?? [];
  }

  #control(parameter: string, letter: string): void {
    const top = Math.max(0, this.#lines.length - this.#rows);
    const line = this.#line(this.#row);
    switch (`${parameter.replace(/\d+/g, 'n')}${letter}`) {
      case 'nA':
        this.#row = Math.max(top, this.#row - Number(parameter));
        return;
      case 'K':
        line.length = Math.min(line.length, this.#column);
        return;
      case 'J':
        line.length = Math.min(line.length, this.#column);
        // The rows remain, and are empty.
        for (let row = this.#row + 1; row < this.#lines.length; row++) this.#line(row).length = 0;
        return;
      case '?nl':
        this.#wraps = false;
        return;
      case '?nh':
        this.#wraps = true;
        return;
      case 'nm':
        return;
      default:
        throw new Error(`unexpected control sequence ${JSON.stringify(`${parameter}${letter}`)}`);
    }
  }
}
