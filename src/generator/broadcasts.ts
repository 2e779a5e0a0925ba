import type { Layout } from '../contract/scenario.ts';
import type { ClosedBroadcast } from '../measure/fanout.ts';
import type { Recorder } from '../measure/recorder.ts';
import { recordClosed } from './route.ts';

/** Records broadcasts that closed, or keeps them for the coordinator where their receivers are spread over workers. */
export class Broadcasts {
  readonly #layout: Layout;
  readonly #recorder: Recorder;
  readonly #isSplit: boolean;
  readonly #kept: ClosedBroadcast[] = [];
  #incomplete = 0;

  constructor(layout: Layout, recorder: Recorder, isSplit: boolean) {
    this.#layout = layout;
    this.#recorder = recorder;
    this.#isSplit = isSplit;
  }

  close(broadcast: ClosedBroadcast): void {
    if (this.#isSplit) {
      this.#kept.push(broadcast);
      return;
    }
    if (broadcast.latenciesNs.length < broadcast.expected) this.#incomplete += 1;
    recordClosed(this.#layout, this.#recorder, broadcast);
  }

  /** Since the last call: those for the coordinator, and how many closed here without reaching everyone. */
  take(): { broadcasts: ClosedBroadcast[]; incompleteBroadcasts: number } {
    const incompleteBroadcasts = this.#incomplete;
    this.#incomplete = 0;
    return { broadcasts: this.#kept.splice(0), incompleteBroadcasts };
  }
}
