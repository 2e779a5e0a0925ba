import type { Mapping } from '../contract/mapping.ts';
import { isObserving, type Layout, type Operation } from '../contract/scenario.ts';
import type { OnRead } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { MAX_REASONS, REASON_CHARACTERS, type Reason, ReasonCounts } from '../measure/reason-counts.ts';
import type { Target } from './target.ts';

/** What the clients of one worker received in the whole run, whether a handler took it or not. */
export interface ReceivedCounts {
  /** Events by name, most frequent first. */
  readonly events: readonly Reason[];
  readonly acknowledgements: number;
  /** Messages in which the codec found no event. */
  readonly unreadable: number;
  /** Why the codec could not decode some of these. */
  readonly undecoded: readonly Reason[];
  /** The events by which the messages and replies of the run arrive, as the target names them. */
  readonly expected: readonly string[];
}

/** Names of events come from the server: those beyond the limit are counted under one. */
const OTHER_EVENTS = Symbol('other events');

/** Names of events by which servers ask whether a client is alive. */
const HEARTBEAT_NAMES = /heart|alive|\bp[io]ng/i;

/** Events of the server that the clients of a target acknowledge, and that they read or answer. */
export interface HandledEvents {
  readonly acknowledged: ReadonlySet<string>;
  readonly answered: ReadonlySet<string>;
}

/** Counts what clients receive by the name of the event. */
export class ReceivedMessages {
  readonly #handled: HandledEvents;
  /** What the clients have not sent although the server seems to expect it, for the reason why it drops them; null for nothing. */
  #omission: string | null = null;
  readonly #events = new Map<string | typeof OTHER_EVENTS, number>();
  #acknowledgements = 0;
  #unreadable = 0;
  readonly #undecoded = new ReasonCounts();

  constructor(handled: HandledEvents) {
    this.#handled = handled;
  }

  /** Takes every message that is decoded. */
  readonly note: OnRead = (kind, event, data, asks) => {
    if (kind === 'reply') this.#acknowledgements += 1;
    else if (kind === 'none') {
      this.#unreadable += 1;
      if (data !== null) this.#undecoded.add(messageOf(data));
    } else {
      const count = this.#events.get(event);
      if (count === undefined) this.#noteFirst(event, asks === true);
      const key = count !== undefined || this.#events.size < MAX_REASONS ? event : OTHER_EVENTS;
      this.#events.set(key, (this.#events.get(key) ?? 0) + 1);
    }
  };

  #noteFirst(event: string, asks: boolean): void {
    const { acknowledged, answered } = this.#handled;
    const name = `"${foreign(event, REASON_CHARACTERS)}"`;
    if (asks && !acknowledged.has(event)) this.#omission = `the target does not acknowledge ${name}`;
    else if (!asks && HEARTBEAT_NAMES.test(event) && !answered.has(event))
      this.#omission ??= `the target does not answer ${name}`;
  }

  /** The reason why the server dropped a client, with what the client has not sent. */
  explainDrop(reason: string): string {
    return this.#omission === null ? reason : `${reason} (${this.#omission})`;
  }

  /** The counts so far; `recognized` are messages that were recognized by their bytes, by event. */
  counts(recognized: ReadonlyMap<string, number>): Omit<ReceivedCounts, 'expected'> {
    const counts = new ReasonCounts();
    for (const [event, count] of [...this.#events, ...recognized]) {
      counts.add(event === OTHER_EVENTS ? 'other events' : foreign(event, REASON_CHARACTERS), count);
    }
    return {
      events: counts.take(),
      acknowledgements: this.#acknowledgements,
      unreadable: this.#unreadable,
      undecoded: this.#undecoded.take(),
    };
  }
}

/** The events that the clients of a target handle. */
export function handledEvents({ mapping, hooks }: Pick<Target, 'mapping' | 'hooks'>): HandledEvents {
  const { delivery, echoed, streamed, asked, observe, refused } = mapping;
  const { answer = {}, acknowledge = {} } = hooks;
  const namesOf = (...events: ReadonlyArray<{ readonly event: string | readonly string[] } | undefined>) =>
    events.flatMap((each) => each?.event ?? []);
  const withAcknowledge = [delivery, echoed].filter((each) => each?.acknowledge !== undefined);
  return {
    acknowledged: new Set([...Object.keys(acknowledge), ...namesOf(asked, ...withAcknowledge)]),
    answered: new Set([
      ...Object.keys(answer),
      ...namesOf(delivery, echoed, streamed, asked, observe, refused),
    ]),
  };
}

/** The acknowledgement among the events that a target names. */
export const ACKNOWLEDGEMENT = 'an acknowledgement';

/**
 * The events by which the messages and replies of a layout arrive, as the target names them. `asked`: how it wanted the
 * requests that were sent to be answered.
 */
export function expectedEvents(mapping: Mapping, layout: Layout, asked: ReadonlySet<string>): string[] {
  const names = isObserving(layout)
    ? [mapping.observe?.event ?? []]
    : layout.streams.map(({ operation }) => eventsOfOperation(operation, mapping, asked));
  return [...new Set(names.flat())].map((name) => foreign(name, REASON_CHARACTERS));
}

function eventsOfOperation(
  { kind }: Operation,
  mapping: Mapping,
  asked: ReadonlySet<string>,
): string | readonly string[] {
  switch (kind) {
    case 'publish':
      return mapping.delivery?.event ?? [];
    case 'steps':
      return mapping.publish === undefined ? [] : (mapping.delivery?.event ?? []);
    case 'echo':
      return mapping.echoed?.event ?? [];
    case 'stream-reply':
      return mapping.streamed?.event ?? [];
    case 'request':
      return [...asked];
    case 'ask-me':
      return mapping.asked === undefined ? [] : [mapping.asked.event, ACKNOWLEDGEMENT];
    case 'ping':
    case 'close':
      return [];
  }
}
