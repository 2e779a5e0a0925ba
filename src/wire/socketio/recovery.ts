import { MAX_OFFSET_LENGTH } from './offset.ts';

/**
 * What a server with connection state recovery needs to restore the session of a client in a namespace: its private
 * id, and the offset of the last event that it got; null before the first one.
 */
export interface EntryRecovery {
  readonly pid: string;
  readonly offset: string | null;
}

/** What restores the session of a connection, by namespace. */
export type SessionRecovery = Readonly<Record<string, EntryRecovery>>;

/** A session that the server can restore. */
export interface RecoverableSession {
  readonly recovery: SessionRecovery;
  /** Whether the server has restored that of the connection before; null where it was not asked to. */
  readonly isRecovered: boolean | null;
}

/** The last argument of an event, if it is a text without escapes. */
const LAST_TEXT = /"([^"\\]*)"\]$/;

interface KnownSession {
  readonly pid: string;
  offset: string | null;
  readonly isRecovered: boolean | null;
}

/** What is known of the sessions of one connection. Most servers restore none. */
export class KnownSessions {
  readonly #asked: SessionRecovery | null | undefined;
  #known: Map<string, KnownSession> | null = null;

  /** `asked`: what the server is asked to restore; null where no session is to be known. */
  constructor(asked: SessionRecovery | null | undefined) {
    this.#asked = asked;
  }

  /** What is sent when a namespace is entered. As the official client, for which an offset of null is none. */
  entryOf(
    namespace: string,
    auth: Readonly<Record<string, unknown>> | null,
  ): Readonly<Record<string, unknown>> | null {
    const asked = this.#asked?.[namespace];
    if (asked === undefined) return auth;
    const { pid, offset } = asked;
    return { pid, ...(offset === null ? {} : { offset }), ...auth };
  }

  /** The server says which session this is: that of the connection before, if it has restored it. */
  note(namespace: string, pid: unknown): void {
    if (this.#asked === null || typeof pid !== 'string' || pid === '') return;
    const asked = this.#asked?.[namespace];
    const isRecovered = asked === undefined ? null : asked.pid === pid;
    const offset = isRecovered === true ? (asked?.offset ?? null) : null;
    this.#known ??= new Map();
    this.#known.set(namespace, { pid, offset, isRecovered });
  }

  /** Any text at the end of an event is taken for an offset, as by the official client. */
  noteOffset(namespace: string, last: unknown): void {
    const session = this.#known?.get(namespace);
    if (session !== undefined && typeof last === 'string') session.offset = last;
  }

  /** Notes the offset of an event that was not decoded: the text at the end of a message of the default parser. */
  noteRecognized(bytes: Buffer, from: number, to: number): void {
    if (this.#known === null) return;
    const [namespace = ''] = this.#known.keys();
    const end = bytes.toString('latin1', Math.max(from, to - MAX_OFFSET_LENGTH - 3), to);
    this.noteOffset(namespace, LAST_TEXT.exec(end)?.[1]);
  }

  /** Null where the server restores no sessions. */
  get session(): RecoverableSession | null {
    if (this.#known === null) return null;
    const known = [...this.#known];
    const asked = known.map(([, { isRecovered }]) => isRecovered).filter((each) => each !== null);
    return {
      recovery: Object.fromEntries(known.map(([name, { pid, offset }]) => [name, { pid, offset }])),
      isRecovered: asked.length === 0 ? null : asked.every((each) => each),
    };
  }
}
