import type { RefusalEvent } from '../contract/mapping.ts';
import { reasonIn, rejectionIn } from '../contract/replies.ts';
import { messageOf } from '../errors.ts';
import type { ReceiptTime } from '../measure/receipts.ts';
import { isSameStamp, type Stamp } from '../measure/stamp.ts';
import type { WorkerContext } from './context.ts';

/** How many messages of a client are remembered. */
const MAX_REMEMBERED_SENDS = 1000;

interface Remembered {
  readonly stamp: Stamp;
  /** Whether something shows that the server took it: an acknowledgement, or its own delivery. */
  readonly isConfirmed: boolean;
  readonly onRefused: (reason: string, arrival: ReceiptTime | undefined) => void;
}

/** Finds the message that a server refuses by an event to its sender. */
export class Refusals {
  readonly #context: WorkerContext;
  readonly #refusal: RefusalEvent;
  readonly #sent = new Map<number, Remembered[]>();
  readonly events: readonly string[];

  constructor(context: WorkerContext, refusal: RefusalEvent) {
    this.#context = context;
    this.#refusal = refusal;
    this.events = [refusal.event].flat();
  }

  /** Remembers a message that is being sent. `isAnswered`: it will be acknowledged or replied to. */
  note(client: number, stamp: Stamp, isAnswered: boolean, onRefused: Remembered['onRefused']): void {
    const { streams } = this.#context.layout;
    const isConfirmed = isAnswered || streams[stamp.stream]?.receivers.includes(client) === true;
    const sent = this.#sent.get(client) ?? [];
    sent.push({ stamp, isConfirmed, onRefused });
    if (sent.length > MAX_REMEMBERED_SENDS) sent.shift();
    this.#sent.set(client, sent);
  }

  /** Forgets a message that was acknowledged, or that came back to its sender. */
  settle(client: number, stamp: Stamp): void {
    const sent = this.#sent.get(client) ?? [];
    const at = sent.findIndex((each) => isSameStamp(each.stamp, stamp));
    if (at >= 0) sent.splice(at, 1);
  }

  /** Takes an event to a client; false for one that refuses nothing. `isShared`: the event has another meaning, too. */
  take(client: number, data: unknown, arrival: ReceiptTime | undefined, isShared: boolean): boolean {
    const reason = this.#reasonIn(data, isShared);
    if (reason === null) return false;
    const sent = this.#sent.get(client) ?? [];
    const stamp = this.#stampIn(data);
    const found =
      stamp === null
        ? (sent.find(({ isConfirmed }) => isConfirmed) ?? sent.at(-1))
        : sent.find((each) => isSameStamp(each.stamp, stamp));
    if (found === undefined) return true;
    this.settle(client, found.stamp);
    found.onRefused(reason, arrival);
    return true;
  }

  #reasonIn(data: unknown, isShared: boolean): string | null {
    try {
      return refusalIn(this.#refusal, data, isShared);
    } catch (error) {
      this.#context.failed.add(messageOf(error));
      return null;
    }
  }

  /** The stamp in the data; null without one. */
  #stampIn(data: unknown): Stamp | null {
    const { payloads } = this.#context;
    const { payload } = this.#refusal;
    try {
      const reading = payload === undefined ? payloads.search(data) : payloads.read(payload(data));
      return reading === null || reading.state === 'invented' ? null : reading.stamp;
    } catch (error) {
      this.#context.failed.add(messageOf(error));
      return null;
    }
  }
}

/**
 * Why an event of a server refuses a message; null for one that refuses nothing. `isShared`: the event has another
 * meaning, too. Throws what the function of the target throws.
 */
export function refusalIn(
  { reason: read, event }: RefusalEvent,
  data: unknown,
  isShared: boolean,
): string | null {
  if (read !== undefined) return read(data) ?? null;
  return isShared ? rejectionIn(data) : (reasonIn(data) ?? [event].flat().join(', '));
}
