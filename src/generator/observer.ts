import type { ReceiveWindow } from '../measure/receive-window.ts';
import type { Recorder } from '../measure/recorder.ts';

/** Clients of one worker that got one push of the server, since the last report. */
export interface PushArrivals {
  readonly key: string;
  readonly firstNs: number;
  readonly lastNs: number;
  /** Clients that had not got it before. */
  readonly reached: number;
  /** Further copies. */
  readonly duplicated: number;
}

interface Push {
  firstNs: number;
  lastNs: number;
  reached: number;
  duplicated: number;
  readonly clients: Set<number>;
}

/** A key that nobody got for so long is forgotten. */
const QUIET_NS = 60e9;

/** Times what a server pushes on its own: gaps for each client, first and last receiver for each key. */
export class Observer {
  readonly #recorder: Recorder;
  readonly #window: ReceiveWindow;
  readonly #lastNs = new Map<number, number>();
  readonly #pushes = new Map<string, Push>();
  readonly #changed = new Set<string>();
  /** Before this time gaps belong to the warm-up. */
  measureStartNs = Number.POSITIVE_INFINITY;
  /** From this time on gaps are no longer measured. */
  measureEndNs = Number.POSITIVE_INFINITY;

  constructor(recorder: Recorder, window: ReceiveWindow) {
    this.#recorder = recorder;
    this.#window = window;
  }

  take(client: number, key: string, receivedNs: number): void {
    this.#window.note(receivedNs);
    const push = this.#push(key, receivedNs);
    this.#changed.add(key);
    if (push.clients.has(client)) {
      push.duplicated += 1;
      return;
    }
    push.clients.add(client);
    push.reached += 1;
    push.lastNs = receivedNs;
    this.#recordGap(client, receivedNs);
  }

  /** A further copy is no push, so that no gap ends or begins with it. */
  #recordGap(client: number, receivedNs: number): void {
    const lastNs = this.#lastNs.get(client);
    this.#lastNs.set(client, receivedNs);
    if (lastNs === undefined || receivedNs >= this.measureEndNs) return;
    this.#recorder.record(receivedNs < this.measureStartNs ? 'warmup' : 'push_gap', receivedNs - lastNs);
  }

  #push(key: string, receivedNs: number): Push {
    let push = this.#pushes.get(key);
    if (push === undefined) {
      push = { firstNs: receivedNs, lastNs: receivedNs, reached: 0, duplicated: 0, clients: new Set() };
      this.#pushes.set(key, push);
    }
    return push;
  }

  /** What arrived since the last call. */
  takeArrivals(nowNs: number): PushArrivals[] {
    const arrivals: PushArrivals[] = [];
    for (const key of this.#changed) {
      const push = this.#pushes.get(key);
      if (push === undefined) continue;
      const { firstNs, lastNs, reached, duplicated } = push;
      arrivals.push({ key, firstNs, lastNs, reached, duplicated });
      push.reached = 0;
      push.duplicated = 0;
    }
    this.#changed.clear();
    for (const [key, { lastNs }] of this.#pushes) {
      if (nowNs - lastNs > QUIET_NS) this.#pushes.delete(key);
    }
    return arrivals;
  }
}
