import type { ClientHooks, SentEvents } from '../contract/hooks.ts';
import type { Client, ClientConnection } from '../contract/target.ts';
import type { ConnectionDisturbance } from '../drivers/disturbance.ts';
import type { AnyHandler, CloseOutcome, Connection, Handler, RecognizedHandler } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import type { ReasonCounts } from '../measure/reason-counts.ts';
import type { Timers } from '../measure/timers.ts';
import { cutsConnections } from '../plan/disruptions.ts';
import { parseDurationMs } from '../units.ts';
import { HookEvents } from './hook-events.ts';
import { mayBeLeft } from './own-connection.ts';

/** How long `leave` may take: the workers have two seconds in all to close their connections. */
const HOOK_LEAVES_WITHIN_MS = 1000;

/** Runs a hook of a client: rejects when it fails, and when it is not over in time; `waitsFor` then says what it lacks. */
export type RunHook = (
  name: 'opened' | 'leave',
  client: Client,
  work: () => unknown,
  limit?: { readonly withinMs?: number; readonly waitsFor?: () => string },
) => Promise<void>;

/** What a connection with hooks uses of its worker. */
export interface LifeParts {
  readonly hooks: Omit<ClientHooks, 'prepare'>;
  readonly timers: Timers;
  readonly run: RunHook;
  /** Gets the reason when something that the client sends on its own could not be sent. */
  readonly failed: ReasonCounts;
  /** Gets the reason when `leave` failed. */
  readonly notLeft: ReasonCounts;
}

/** A connection with the hooks of a target around it: what its client does first, in between, and last. */
export class LivingConnection implements Connection {
  readonly #parts: LifeParts;
  readonly #client: Client;
  readonly #inner: Connection;
  readonly #dropped = Promise.withResolvers<never>();
  #stopKeepAlive = () => {};
  #dropReason: string | null = null;
  /** Why the client last failed to send something on its own; null once it did again. */
  #failure: string | null = null;
  #onDropped: ((reason: string) => void) | null = null;
  #closing: Promise<CloseOutcome | null> | null = null;
  /** Whether the client has done what it does first. */
  #hasBegun = false;
  /** Events that `opened` may wait for; null before and after it. */
  #early: HookEvents | null = null;
  readonly sizeOf?: NonNullable<Connection['sizeOf']>;
  readonly ping?: NonNullable<Connection['ping']>;
  readonly session?: NonNullable<Connection['session']>;
  readonly disturb?: NonNullable<Connection['disturb']>;

  /** `inner` is ready for use and has handed over nothing yet. */
  constructor(parts: LifeParts, client: Client, inner: Connection) {
    this.#parts = parts;
    this.#client = client;
    this.#inner = inner;
    if (inner.sizeOf !== undefined) this.sizeOf = inner.sizeOf.bind(inner);
    if (inner.ping !== undefined) this.ping = inner.ping.bind(inner);
    if (inner.session !== undefined) this.session = inner.session.bind(inner);
    const disturb = inner.disturb?.bind(inner);
    if (disturb !== undefined) this.disturb = (disturbance) => this.#disturb(disturbance, disturb);
    this.#dropped.promise.catch(() => {});
    inner.onDropped((reason) => this.#drop(reason));
    const { answer = {}, acknowledge = {}, keepAlive, opened } = parts.hooks;
    for (const event of Object.keys(answer)) inner.on(event, (data) => this.#answer(event, data));
    for (const [event, given] of Object.entries(acknowledge))
      inner.answer(event, (data) => this.#acknowledgement(given, data));
    if (opened !== undefined) this.#early = new HookEvents(inner);
    if (keepAlive === undefined || this.#dropReason !== null) return;
    this.#stopKeepAlive = parts.timers.every(parseDurationMs(keepAlive.every), () =>
      this.#send(() => keepAlive.send(client)),
    );
  }

  get subprotocol(): string | null {
    return this.#inner.subprotocol ?? null;
  }

  /** Carries out `opened`. Rejects when it fails, when it is not over in time, and when the client is dropped. */
  async begin(): Promise<void> {
    const { hooks, run } = this.#parts;
    const { opened } = hooks;
    const events = this.#early;
    if (opened === undefined || events === null) {
      this.#hasBegun = true;
      return;
    }
    try {
      await run('opened', this.#client, () => this.#hook(opened, events), { waitsFor: () => events.lacking });
      this.#hasBegun = true;
    } finally {
      this.#early = null;
      events.close();
    }
  }

  /** Calls a hook. What it waits for rejects when the client is dropped, and so does the hook. */
  async #hook(hook: NonNullable<ClientHooks['opened']>, events: HookEvents): Promise<unknown> {
    const dropped = this.#dropped.promise;
    if (this.#dropReason !== null) return await dropped;
    const orDropped = <T>(work: Promise<T>) => mayBeLeft(() => Promise.race([work, dropped]));
    const connection: ClientConnection = {
      emit: (event, data) => this.emit(event, data),
      call: (event, data) =>
        orDropped(events.called(event, new Promise((resolve) => this.request(event, data, resolve)))),
      next: (event, isMeant) => orDropped(events.next(event, isMeant)),
    };
    return await Promise.race([hook(connection, this.#client), dropped]);
  }

  #answer(event: string, data: unknown): void {
    this.#send(() => this.#parts.hooks.answer?.[event]?.(data, this.#client) ?? null);
  }

  /** The acknowledgement of an event. A function that fails is counted, and the event is not acknowledged. */
  async #acknowledgement(given: unknown, data: unknown): Promise<unknown> {
    if (typeof given !== 'function') return given;
    try {
      const answer = await given(data, this.#client);
      this.#failure = null;
      return answer;
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#failure = messageOf(error);
    this.#parts.failed.add(this.#failure);
  }

  /** Sends what a function of the target returns, at once unless it is async. One that throws is counted. */
  #send(describe: () => SentEvents | Promise<SentEvents>): void {
    try {
      const sent = describe();
      if (sent instanceof Promise)
        sent.then((events) => this.#sendAll(events)).catch((error) => this.#fail(error));
      else this.#sendAll(sent);
    } catch (error) {
      this.#fail(error);
    }
  }

  #sendAll(events: SentEvents): void {
    this.#failure = null;
    if (events === null || this.#dropReason !== null) return;
    for (const { event, data, reply } of [events].flat()) {
      if (reply === 'acknowledgement') this.request(event, data, () => {});
      else this.emit(event, data);
    }
  }

  /** A client that leaves says so by its hook; one that is cut does nothing more. */
  #disturb(disturbance: ConnectionDisturbance, disturb: NonNullable<Connection['disturb']>): () => void {
    if (disturbance.kind === 'leave') {
      void this.close();
      return () => {};
    }
    if (cutsConnections(disturbance)) this.#stopKeepAlive();
    return disturb(disturbance);
  }

  #drop(given: string): void {
    if (this.#dropReason !== null) return;
    // A server drops clients that do not send what it expects.
    const reason = this.#failure === null ? given : `${given} (after ${this.#failure})`;
    this.#dropReason = reason;
    this.#stopKeepAlive();
    this.#dropped.reject(new Error(`the connection was dropped: ${reason}`));
    this.#onDropped?.(reason);
  }

  onDropped(handler: (reason: string) => void): void {
    this.#onDropped = handler;
    if (this.#dropReason !== null) handler(this.#dropReason);
  }

  emit(event: string, data: unknown): void {
    this.#inner.emit(event, data);
  }

  request(event: string, data: unknown, onReply: Handler): void {
    this.#inner.request(event, data, onReply);
  }

  on(event: string, handler: Handler, recognized?: RecognizedHandler): () => void {
    return this.#inner.on(event, handler, recognized);
  }

  onAny(handler: AnyHandler): () => void {
    return this.#inner.onAny(handler);
  }

  answer(event: string, respond: (data: unknown) => unknown): void {
    this.#inner.answer(event, respond);
  }

  /** Carries out `leave`, unless the client was dropped or has not begun, and closes the connection. */
  close(): Promise<CloseOutcome | null> {
    this.#closing ??= this.#leave().then(() => this.#inner.close());
    return this.#closing;
  }

  async #leave(): Promise<void> {
    const { hooks, run, notLeft } = this.#parts;
    const { leave } = hooks;
    if (leave !== undefined && this.#hasBegun && this.#dropReason === null) {
      const events = new HookEvents(this.#inner);
      const limit = { withinMs: HOOK_LEAVES_WITHIN_MS, waitsFor: () => events.lacking };
      await run('leave', this.#client, () => this.#hook(leave, events), limit).catch((error) =>
        notLeft.add(messageOf(error)),
      );
      events.close();
    }
    this.#stopKeepAlive();
  }
}
