import { requireEntered } from '../contract/target.ts';
import { MAIN_NAMESPACE } from '../wire/socketio/packet.ts';
import type { ConnectOptions } from './driver.ts';

/** Divides the name of a namespace from the event, as packets of Socket.IO do: no namespace has a comma. */
const DIVIDER = ',';

/**
 * The namespaces of Socket.IO that a client enters over its connection. Events of the first one have plain names. Those
 * of the others begin with the name of their namespace: `/presence,update`.
 */
export class Namespaces {
  /** The first is the one of plain names. */
  readonly all: readonly string[];
  /** The namespaces by the names that events have for them; empty where the client enters only one. */
  readonly #byName: ReadonlyMap<string, string>;
  readonly #nameOf: ReadonlyMap<string, string>;

  /** `given`: the namespace of the URL or of the option; null for none, which is the first of the others, or the main one. */
  constructor(given: string | null, others: ConnectOptions['namespaces'] = {}) {
    const named = Object.entries(others);
    const first = given ?? named[0]?.[1] ?? MAIN_NAMESPACE;
    this.#byName = new Map(named);
    this.#nameOf = new Map(named.map(([name, namespace]) => [namespace, name]));
    this.all = [...new Set([first, ...this.#byName.values()])];
  }

  /** The namespace of an event, and its name there. Throws UNKNOWN_NAMESPACE for one that the client does not enter. */
  placeOf(event: string): { readonly namespace: string; readonly name: string } {
    if (event.startsWith('/')) requireEntered(event, [...this.#byName.keys()]);
    const [first = MAIN_NAMESPACE] = this.all;
    const comma = this.#byName.size === 0 ? -1 : event.indexOf(DIVIDER);
    const namespace = comma < 0 ? undefined : this.#byName.get(event.slice(0, comma));
    return namespace === undefined
      ? { namespace: first, name: event }
      : { namespace, name: event.slice(comma + 1) };
  }

  /** What names a namespace in a message where the client enters several. */
  noteOf(namespace: string): string {
    return this.all.length > 1 ? ` (${namespace})` : '';
  }

  /** The name that an event of a namespace has for the handlers of the client. */
  eventOf(namespace: string, name: string): string {
    return namespace === this.all[0] ? name : `${this.#nameOf.get(namespace) ?? namespace}${DIVIDER}${name}`;
  }
}
