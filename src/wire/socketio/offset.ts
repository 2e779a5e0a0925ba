/**
 * Offsets of connection state recovery. A server that has it on appends one, as text, to the arguments of each event
 * that it may have to send again: not to volatile events, and not to those that ask for an acknowledgement. Nothing in
 * the protocol tells an offset from an argument. Each adapter but one writes the time of the event into it, which does:
 *
 *     in memory       milliseconds in base 64, with ".N" for further events of a millisecond
 *     Redis Streams   milliseconds "-" number
 *     MongoDB         24 hexadecimal digits, of which the first 8 are seconds
 *     cluster         empty: the adapter for processes of Node.js cannot recover events
 *
 * Source: yeast.js of socket.io-adapter, and the adapters of Socket.IO.
 */

/** How far the clock of a server may be off. */
const MAX_AWAY_MS = 24 * 3600 * 1000;

const BASE_64 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_';

const OFFSET_FORMS: ReadonlyArray<readonly [form: RegExp, timeMs: (digits: string) => number]> = [
  [
    /^([\w-]{7})(?:\.[\w-]+)?$/,
    (digits) => [...digits].reduce((sum, digit) => sum * 64 + BASE_64.indexOf(digit), 0),
  ],
  [/^(\d{13})-\d+$/, Number],
  [/^([0-9a-f]{8})[0-9a-f]{16}$/, (digits) => Number.parseInt(digits, 16) * 1000],
];

/** The longest offset: 24 digits of MongoDB, or the milliseconds of Redis and a number of 64 bits. */
export const MAX_OFFSET_LENGTH = 13 + 1 + 20;

function isOffset(text: string): boolean {
  if (text === '') return true;
  if (text.length > MAX_OFFSET_LENGTH) return false;
  return OFFSET_FORMS.some(([form, timeMs]) => {
    const digits = form.exec(text)?.[1];
    return digits !== undefined && Math.abs(timeMs(digits) - Date.now()) <= MAX_AWAY_MS;
  });
}

/** The arguments of an event without the offset of connection state recovery, if they end with one. */
export function withoutOffset(args: readonly unknown[]): readonly unknown[] {
  const last = args.at(-1);
  return typeof last === 'string' && isOffset(last) ? args.slice(0, -1) : args;
}
