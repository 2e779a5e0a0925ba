import type { FlowPace } from './flow.ts';
import { isOfThread } from './numbers.ts';
import { carryOutPace } from './paced.ts';
import type { ReleasedGroup, ThreadRun } from './thread.ts';

/** Why a message was not sent when its user had no connection. */
export const DROPPED_USER = 'the user was not connected';

/** The schedules that users of one thread share: one pacer sends for all of them. */
export class SharedSchedules {
  readonly #thread: ThreadRun;
  readonly #running = new Map<
    string,
    {
      readonly senders: Map<number, (intendedNs: number, measured: boolean) => void>;
      readonly over: Promise<void>;
    }
  >();

  constructor(thread: ThreadRun) {
    this.#thread = thread;
  }

  /** Sends the messages of one user by `send`. Resolves when the schedule is over for all. */
  join(
    { clients, startNs }: ReleasedGroup,
    pace: FlowPace,
    client: number,
    send: (intendedNs: number, measured: boolean) => void,
  ): Promise<void> {
    const count =
      pace.users === 'all' || pace.users === 'own' ? clients.length : Math.min(pace.users, clients.length);
    const key = `${clients[0]} ${startNs}`;
    let shared = this.#running.get(key);
    if (shared === undefined) {
      const senders = new Map<number, (intendedNs: number, measured: boolean) => void>();
      const own = new Set(clients.slice(0, count).filter((each) => isOfThread(each, client)));
      const isOwn = (index: number) => own.has(clients[index % count] ?? -1);
      const over = carryOutPace(this.#thread, pace, startNs, isOwn, (index, intendedNs, measured) => {
        const user = senders.get(clients[index % count] ?? -1);
        if (user === undefined) this.#thread.sender.drop(DROPPED_USER, measured);
        else user(intendedNs, measured);
      });
      shared = { senders, over };
      this.#running.set(key, shared);
    }
    shared.senders.set(client, send);
    return shared.over;
  }
}
