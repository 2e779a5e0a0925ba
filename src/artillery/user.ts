import type { Connection } from '../drivers/driver.ts';
import { messageOf } from '../errors.ts';
import { joinRooms } from '../generator/joining.ts';
import { type FlowPace, type FlowStep, thinkMs } from './flow.ts';
import { carryOutPace } from './paced.ts';
import { DROPPED_USER, type SharedSchedules } from './shared-schedules.ts';
import type { ReleasedGroup, ThreadRun } from './thread.ts';

/** What a user needs of Artillery. */
export interface FlowHost {
  readonly connect: (client: number) => Promise<Connection>;
  /** Fills in the templates of a value. */
  readonly fill: (value: unknown) => unknown;
  readonly log: (text: string) => void;
  /** The variables that templates use. */
  readonly vars: Record<string, unknown>;
}

/** How long a connection stays open after the end of a flow, for what is in flight. */
const LINGER_MS = 1000;
const REPLY_POLL_MS = 20;

/** One virtual user of Artillery that carries out a flow. */
export class FlowUser {
  readonly #thread: ThreadRun;
  readonly #groups: SharedSchedules;
  readonly #host: FlowHost;
  readonly client: number;
  #connection: Connection | null = null;
  #dropReason: string | null = null;
  /** When the next step was due; null for at once. */
  #dueNs: number | null = null;
  #group: ReleasedGroup | null = null;
  #hasStayed = false;

  constructor(thread: ThreadRun, groups: SharedSchedules, host: FlowHost) {
    this.#thread = thread;
    this.#groups = groups;
    this.#host = host;
    this.client = thread.members.open(thread.parts.clock.nowNs());
  }

  /** Connects, carries out the steps and leaves. Rejects with why the user failed. */
  async run(flow: readonly FlowStep[]): Promise<void> {
    const { clock, recorder, failures, timers } = this.#thread.parts;
    this.#thread.noteStatus('started');
    const startNs = clock.nowNs();
    try {
      this.#connection = await this.#host.connect(this.client).catch((error) => {
        failures.add(messageOf(error));
        throw error;
      });
      recorder.record('connect', clock.nowNs() - startNs);
      this.#thread.receiver.listen(this.client, this.#connection);
      this.#thread.members.connected(this.client, clock.nowNs());
      this.#connection.onDropped((reason) => this.#noteDropped(reason));
      await this.#perform(flow);
    } finally {
      this.#thread.members.left(this.client, clock.nowNs());
      if (this.#connection !== null && !this.#hasStayed && this.#dropReason === null)
        await timers.sleep(LINGER_MS);
      this.#thread.members.closed(this.client, clock.nowNs());
      this.#thread.noteStatus(this.#hasStayed ? 'ended-staying' : 'ended');
      await this.#connection?.close();
    }
  }

  #noteDropped(reason: string): void {
    // It remains a member until the end of its flow, and what it misses is lost, as in any run.
    this.#dropReason = reason;
    this.#thread.parts.dropped.add(reason);
  }

  async #perform(steps: readonly FlowStep[]): Promise<void> {
    for (const step of steps) {
      if (this.#dropReason !== null) throw new Error(`dropped: ${this.#dropReason}`);
      await this.#step(step);
    }
  }

  async #step(step: FlowStep): Promise<void> {
    switch (step.kind) {
      case 'join':
        return this.#join(step.rooms.map((room) => this.#text(room)));
      case 'publish': {
        const room = step.room === null ? null : this.#text(step.room);
        const publish = (intendedNs: number, measured: boolean) =>
          void this.#thread.sender.publish(this.#sending(intendedNs, measured), step.scope, room);
        if (step.pace === null) return publish(this.#takeDueNs(), true);
        return this.#paced(step.pace, publish);
      }
      case 'request':
        return step.pace === null ? this.#request() : this.#requests(step.pace);
      case 'emit':
        this.#takeDueNs();
        this.#open().emit(this.#text(step.event), this.#host.fill(step.data));
        return;
      case 'think':
        return this.#think(typeof step.time === 'number' ? step.time : thinkMs(this.#text(step.time)));
      case 'loop':
        return this.#loop(step.steps, Number(this.#text(String(step.count))));
      case 'log':
        return this.#host.log(this.#text(step.text));
      case 'rendezvous':
        return this.#meet(step);
      case 'stay':
        this.#hasStayed = true;
        this.#thread.noteStatus('stays');
        return this.#thread.left;
    }
  }

  #text(template: string): string {
    return template.includes('{{') ? String(this.#host.fill(template)) : template;
  }

  #open(): Connection {
    if (this.#connection === null) throw new Error(DROPPED_USER);
    return this.#connection;
  }

  #sending(intendedNs: number, measured: boolean) {
    return { client: this.client, connection: this.#open(), intendedNs, measured };
  }

  async #join(rooms: readonly string[]): Promise<void> {
    const { plan, target, clock, timers } = this.#thread.parts;
    const { join } = target.mapping;
    if (join === undefined) throw new Error('the target does not declare join');
    const askedNs = clock.nowNs();
    const events = [await join({ rooms, client: target.clientOf(this.client) })].flat();
    const unanswered = await joinRooms(this.#open(), events, plan.connectTimeoutMs, clock, timers);
    if (unanswered !== null) {
      const reason = `no reply to "${unanswered}" (joining rooms) within ${plan.connectTimeoutMs / 1000} s`;
      this.#thread.parts.failures.add(reason);
      throw new Error(reason);
    }
    for (const room of rooms) this.#thread.members.joined(this.client, room, askedNs, clock.nowNs());
    this.#dueNs = null;
  }

  async #request(): Promise<void> {
    const { plan, timers } = this.#thread.parts;
    const replied = Promise.withResolvers<boolean>();
    const cancel = timers.after(plan.connectTimeoutMs, () => replied.resolve(false));
    this.#thread.sender.request(this.#sending(this.#takeDueNs(), true), replied.resolve);
    const isAnswered = await replied.promise;
    cancel();
    if (!isAnswered) throw new Error(`no reply to a request within ${plan.connectTimeoutMs / 1000} s`);
  }

  /** Requests on a schedule; waits at the end for replies, as long as a drain lasts. */
  async #requests(pace: FlowPace): Promise<void> {
    const { plan, clock, timers } = this.#thread.parts;
    let unanswered = 0;
    await this.#paced(pace, (intendedNs, measured) => {
      const isSent = this.#thread.sender.request(this.#sending(intendedNs, measured), () => {
        unanswered -= 1;
      });
      if (isSent) unanswered += 1;
    });
    const deadlineNs = clock.nowNs() + plan.drainMs * 1e6;
    while (unanswered > 0 && clock.nowNs() < deadlineNs) await timers.sleep(REPLY_POLL_MS);
  }

  /** Sends on a schedule: its own, or the one that the users of a rendezvous share. */
  async #paced(pace: FlowPace, send: (intendedNs: number, measured: boolean) => void): Promise<void> {
    const { sender } = this.#thread;
    const trySend = (intendedNs: number, measured: boolean) => {
      if (this.#dropReason === null) send(intendedNs, measured);
      else sender.drop(DROPPED_USER, measured);
    };
    if (pace.users === 'own') {
      await carryOutPace(
        this.#thread,
        pace,
        this.#takeDueNs(),
        () => true,
        (_index, intendedNs, measured) => trySend(intendedNs, measured),
      );
    } else if (this.#group !== null) {
      await this.#groups.join(this.#group, pace, this.client, trySend);
    }
    this.#dueNs = null;
  }

  async #meet({ place, users, timeoutMs }: Extract<FlowStep, { kind: 'rendezvous' }>): Promise<void> {
    this.#group = await this.#thread.rendezvous(place, users, this.client, timeoutMs);
    if (this.#group === null)
      throw new Error(`fewer than ${users} users reached the rendezvous within ${timeoutMs / 1000} s`);
    this.#dueNs = null;
  }

  async #loop(steps: readonly FlowStep[], count: number): Promise<void> {
    for (let turn = 0; turn < count; turn++) {
      this.#host.vars['$loopCount'] = turn + 1;
      await this.#perform(steps);
    }
  }

  async #think(durationMs: number): Promise<void> {
    const { clock, timers } = this.#thread.parts;
    const dueNs = this.#takeDueNs() + durationMs * 1e6;
    await timers.sleep(Math.max(0, dueNs - clock.nowNs()) / 1e6);
    // A timer may fire up to a millisecond early. The next step is then due when it happens.
    this.#dueNs = Math.min(dueNs, clock.nowNs());
  }

  /** When the step that happens now was due. */
  #takeDueNs(): number {
    const dueNs = this.#dueNs ?? this.#thread.parts.clock.nowNs();
    this.#dueNs = null;
    return dueNs;
  }
}
