import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Enough for what Node.js says of a module that is not there, stack and all. */
const KEPT_LINES = 24;

/** A line of somebody's output that is safe to show: no control characters, and not endless. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, '').slice(0, 300);
}

/** What a process printed last, to either of its outputs. */
export class LastLines {
  readonly #lines: string[] = [];

  read(output: Readable): void {
    createInterface({ input: output }).on('line', (line) => {
      this.#lines.push(printable(line));
      if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    });
  }

  /** At most so many of them, trimmed. */
  last(count: number): string[] {
    return this.#lines.slice(-count).map((line) => line.trim());
  }

  /** All that are kept, one line each, indented; empty when nothing was printed. */
  get text(): string {
    return this.#lines.map((line) => `  ${line}`).join('\n');
  }
}
