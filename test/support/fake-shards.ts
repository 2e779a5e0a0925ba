import type { RunResult } from '../../src/result/run-result.ts';
import type { Announcement, Meeting, OtherShard, Rendezvous } from '../../src/run/rendezvous/rendezvous.ts';
import { FakeRun, type FakeRunOptions } from './fake-run.ts';

/** Time between the last announcement and the start of the warm-up. */
const LEAD_NS = 400e6;

export interface FakeShardsOptions extends Omit<FakeRunOptions, 'shard' | 'beside' | 'clockAheadNs'> {
  readonly count: number;
  /** How much the clock of each shard is ahead of the time of the world; 0 unless given, as on one host. */
  readonly clocksAheadNs?: readonly number[];
  /** What a shard knows of the clock of another; exactly how much it is ahead unless given. */
  readonly compare?: (own: number, other: OtherShard) => OtherShard;
  /** Whether shards tell one another who is connected; true unless given. */
  readonly announces?: boolean;
  /** How long after the agreed start each shard is ready; 0 unless given. */
  readonly lateMs?: readonly number[];
}

/** All shards of a run in one virtual world. */
export class FakeShards {
  readonly runs: readonly FakeRun[];
  readonly #options: FakeShardsOptions;
  readonly #announced: Announcement[] = [];
  readonly #all = Promise.withResolvers<number>();

  constructor(options: FakeShardsOptions) {
    this.#options = options;
    const runs: FakeRun[] = [];
    for (let index = 1; index <= options.count; index++) {
      const [first] = runs;
      runs.push(
        new FakeRun({
          ...options,
          ...(first === undefined ? {} : { beside: first }),
          clockAheadNs: this.#aheadNs(index),
          shard: {
            shard: { index, count: options.count },
            rendezvous: this.#rendezvous(index),
            hostname: `host-${index}`,
            wallMs: () => 1_800_000_000_000 + this.#nowNs() / 1e6,
          },
        }),
      );
    }
    this.runs = runs;
  }

  #aheadNs(index: number): number {
    return this.#options.clocksAheadNs?.[index - 1] ?? 0;
  }

  #nowNs(): number {
    return this.runs[0]?.time.nowNs() ?? 0;
  }

  /** Carries out all shards; the results are in the order of the shards. */
  async run(): Promise<RunResult[]> {
    const results = Promise.all(this.runs.map((run) => run.start()));
    return (await this.runs[0]?.time.run(results)) ?? [];
  }

  #rendezvous(index: number): Rendezvous {
    return {
      kind: 'folder',
      meet: (own) => this.#meet(index, own),
      close: async () => {},
    };
  }

  async #meet(index: number, own: Announcement): Promise<Meeting> {
    this.#announced.push(own);
    if (this.#announced.length === this.#options.count) this.#all.resolve(this.#nowNs() + LEAD_NS);
    const startNs = await this.#all.promise;
    const { count, announces = true, lateMs = [], compare = (_own, other) => other } = this.#options;
    const others = Array.from({ length: count }, (_, other) => other + 1)
      .filter((other) => other !== index)
      .map((other): OtherShard => {
        const aheadNs = this.#aheadNs(other) - this.#aheadNs(index);
        return compare(index, { index: other, host: `host-${other}`, aheadNs, boundNs: 0, problem: null });
      });
    return {
      id: 'meeting of a test',
      key: 42,
      startNs: startNs + this.#aheadNs(index) + (lateMs[index - 1] ?? 0) * 1e6,
      lateMs: lateMs[index - 1] ?? 0,
      members: announces ? this.#announced.flatMap(({ members }) => members) : null,
      others,
      compareAgain: async () => others,
    };
  }
}
