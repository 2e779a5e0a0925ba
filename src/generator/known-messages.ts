import type { MessageFormat, Recognizer } from '../drivers/driver.ts';
import { isEqualBytes } from '../measure/filling.ts';
import type { Payloads, Reading } from '../measure/payload.ts';
import { isSameStamp, type Stamp } from '../measure/stamp.ts';

/** Takes a payload out of the data of an event. */
export type Reader = (data: unknown) => unknown;

/** Finds a payload in the data of an event, by one reader after the other. */
export type ReadBy = (data: unknown, readers: readonly Reader[]) => Reading | null;

/** Messages that are equal but for the payload: what surrounds it in them, and how they are read. */
interface Template {
  readonly format: MessageFormat;
  readonly event: string;
  readonly readers: readonly Reader[];
  /** The bytes of a message before the stamp, and those after the payload. Payloads differ in length. */
  readonly before: DataView;
  readonly after: DataView;
  /** How the payload is written in it. */
  readonly form: number;
  /** Payloads that were read before, each at the place that its bytes choose, and what they were read as. */
  readonly recent: Array<RecentPayload | undefined>;
  /** How many messages were taken as equal to it. */
  taken: number;
}

interface RecentPayload {
  /** Has room for `length` bytes or more. */
  readonly bytes: DataView;
  readonly length: number;
  readonly reading: Reading;
}

/** A message that had to be decoded. */
interface Decoded {
  readonly format: MessageFormat;
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
}

const MAX_TEMPLATES = 16;
/** After this many messages in a row from which nothing was learned that recognized another one, few are tried. */
const MAX_VAIN = 16;
const TRY_EVERY = 1000;
/** How many payloads a template remembers: as many broadcasts may be on their way at once. */
const RECENT_LOG2 = 4;
const RECENT = 2 ** RECENT_LOG2;
/** The fields of a stamp that tell one message from another lie in these bytes. */
const TELLING_BYTES = 32;

/**
 * Recognizes deliveries by their bytes. The receivers of a broadcast get the same bytes, and the messages of a stream are
 * equal but for the payload. What a message is read as depends on nothing else, so that it need not be decoded: every
 * byte outside of the payload is as in a message that was decoded, and every byte of the payload is as it was written.
 */
export class KnownMessages implements Recognizer {
  readonly #payloads: Payloads;
  readonly #readBy: ReadBy;
  readonly #templates: Template[] = [];
  #decoded: Decoded | null = null;
  #template: Template | null = null;
  #reading: Reading | null = null;
  /** The view of the memory in which messages lie. It is usually the same for all. */
  #view = new DataView<ArrayBufferLike>(new ArrayBuffer(0));
  /** Messages that were taken by templates that are forgotten, by event. */
  readonly #forgotten = new Map<string, number>();
  #isUseful = true;
  #vain = 0;

  constructor(payloads: Payloads, readBy: ReadBy) {
    this.#payloads = payloads;
    this.#readBy = readBy;
  }

  recognize(format: MessageFormat, bytes: Buffer, from: number, to: number): string | null {
    const { buffer } = bytes;
    if (this.#view.buffer !== buffer) this.#view = new DataView(buffer);
    const template = this.#match(format, bytes.byteOffset + from, to - from);
    if (template === null) {
      this.#decoded = { format, bytes, from, to };
      return null;
    }
    this.#decoded = null;
    this.#isUseful = true;
    return template.event;
  }

  /** What a recognized message is; null where these readers did not read the one from which it is known. */
  readingBy(readers: readonly Reader[]): Reading | null {
    const template = this.#template;
    if (template === null || template.readers !== readers) return null;
    template.taken += 1;
    return this.#reading;
  }

  /** Finds the template of a message, and reads the payload in it. */
  #match(format: MessageFormat, at: number, length: number): Template | null {
    const view = this.#view;
    for (const template of this.#templates) {
      const { before, after } = template;
      const payloadBytes = length - before.byteLength - after.byteLength;
      if (payloadBytes <= 0 || template.format !== format) continue;
      const payloadAt = at + before.byteLength;
      if (!isEqualBytes(view, at, before, 0, before.byteLength)) continue;
      if (!isEqualBytes(view, payloadAt + payloadBytes, after, 0, after.byteLength)) continue;
      const reading = this.#read(template, view, payloadAt, payloadBytes);
      if (reading === null) continue;
      this.#template = template;
      this.#reading = reading;
      return template;
    }
    return null;
  }

  /** Reads the payload of this length, unless it was read before. */
  #read({ form, recent }: Template, view: DataView, at: number, length: number): Reading | null {
    const place = recentPlaceOf(view, at, length);
    const known = recent[place];
    if (known?.length === length && isEqualBytes(view, at, known.bytes, 0, length)) return known.reading;
    const stamp = this.#payloads.readBytes(view, at, length, form);
    if (stamp === null) return null;
    const reading: Reading = { stamp, state: 'intact' };
    const hasRoom = known !== undefined && known.bytes.byteLength >= length;
    const bytes = hasRoom ? known.bytes : new DataView(new ArrayBuffer(length));
    copy(view, at, bytes, 0, length);
    recent[place] = { bytes, length, reading };
    return reading;
  }

  /** Learns from the message that was decoded to an event and read by these readers. */
  learn(event: string, readers: readonly Reader[], reading: Reading | null): void {
    const decoded = this.#decoded;
    this.#decoded = null;
    if (decoded === null || reading === null || reading.state !== 'intact' || !this.#isWorthTrying()) return;
    const { format, bytes, from, to } = decoded;
    const message = Buffer.from(bytes.subarray(from, to));
    for (const [form, { bytes: payload, stampAt }] of this.#payloads.formsOf(reading.stamp).entries()) {
      const payloadAt = message.indexOf(payload);
      if (payloadAt < 0) continue;
      const around = [message.subarray(0, payloadAt), message.subarray(payloadAt + payload.length)] as const;
      if (!this.#isReadFrom(around, form, event, readers, format, reading.stamp)) return;
      if (this.#templates.length === MAX_TEMPLATES) this.#forget(this.#templates.pop());
      const before = viewOf(message.subarray(0, payloadAt + stampAt));
      const recent = Array.from({ length: RECENT }, () => undefined);
      this.#templates.unshift({
        format,
        event,
        readers,
        before,
        after: viewOf(around[1]),
        form,
        recent,
        taken: 0,
      });
      return;
    }
  }

  #forget(template: Template | undefined): void {
    if (template === undefined) return;
    const { event, taken } = template;
    this.#forgotten.set(event, (this.#forgotten.get(event) ?? 0) + taken);
  }

  /** How many messages were taken without decoding them, by event. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map(this.#forgotten);
    for (const { event, taken } of this.#templates) {
      if (taken > 0) counts.set(event, (counts.get(event) ?? 0) + taken);
    }
    return counts;
  }

  /** Whether the payload at this place of a message is what it is read by: another one there must be found in the same way. */
  #isReadFrom(
    [before, after]: readonly [Buffer, Buffer],
    form: number,
    event: string,
    readers: readonly Reader[],
    format: MessageFormat,
    stamp: Stamp,
  ): boolean {
    const other = anotherOf(stamp);
    const payload = this.#payloads.formsOf(other)[form];
    if (payload === undefined) return false;
    const changed = Buffer.concat([before, payload.bytes, after]);
    try {
      const read = format.eventOf(changed);
      if (read?.event !== event) return false;
      const reading = this.#readBy(read.data, readers);
      return reading?.state === 'intact' && isSameStamp(reading.stamp, other);
    } catch {
      return false;
    }
  }

  /** Learning takes as long as decoding several messages. Where no message is like another, it is tried rarely. */
  #isWorthTrying(): boolean {
    if (this.#isUseful) this.#vain = 0;
    this.#isUseful = false;
    this.#vain += 1;
    return this.#vain <= MAX_VAIN || this.#vain % TRY_EVERY === 0;
  }
}

/** A stamp of which every number is another one with as many digits. */
function anotherOf({ stream, seq, intendedNs, actualNs, measured }: Stamp): Stamp {
  const intended = otherLastDigit(intendedNs);
  return {
    stream: otherLastDigit(stream),
    seq: otherLastDigit(seq),
    intendedNs: intended,
    actualNs: intended + otherLastDigit(actualNs - intendedNs),
    measured: !measured,
  };
}

function otherLastDigit(value: number): number {
  return value % 36 === 35 ? value - 1 : value + 1;
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}

function copy(from: DataView, fromAt: number, to: DataView, toAt: number, length: number): void {
  let at = 0;
  for (; at <= length - 4; at += 4) to.setInt32(toAt + at, from.getInt32(fromAt + at));
  for (; at < length; at++) to.setUint8(toAt + at, from.getUint8(fromAt + at));
}

/** The place among the recent payloads that the first bytes of a payload choose. */
function recentPlaceOf(view: DataView, at: number, payloadBytes: number): number {
  let mixed = 0;
  for (let place = 0; place <= Math.min(payloadBytes, TELLING_BYTES) - 4; place += 4) {
    mixed = Math.imul(mixed ^ view.getInt32(at + place), 0x9e3779b1);
  }
  return mixed >>> (32 - RECENT_LOG2);
}
