import type { Benchmark } from '../../bench/page.ts';
import { BENCH_PROTOCOLS } from '../../bench/protocols.ts';
import { armsOf, type BenchRound, trialKey } from '../../bench/rounds.ts';
import { type Extent, sectionsOf } from '../../bench/sections.ts';
import type { Arm, ClientFigures } from '../../bench/workload.ts';

const EXTENT: Extent = {
  ...{ rounds: 3, measureMs: 4000, warmupMs: 2000 },
  ...{ idle: [1000, 10_000], scale: [100, 1000, 10_000] },
};

const KINDS = ['broadcast', 'request', 'paced', 'idle'] as const;

export const madeArm = (name: string, title: string, measure: Arm['measure']): Arm => ({
  ...{ name, title, remark: `remark of ${name}`, kinds: KINDS, protocols: BENCH_PROTOCOLS, measure },
});

const unused: Arm['measure'] = async () => ({});

/** A benchmark of two clients, whose rounds measured what `measured` returns. */
export function madeBenchmark(
  names: ReadonlyArray<readonly [name: string, title: string]>,
  measured: (name: string, connections: number, round: number) => ClientFigures,
): Benchmark {
  const arms = names.map(([name, title]) => madeArm(name, title, unused));
  const sections = sectionsOf(EXTENT);
  const rounds: BenchRound[] = [0, 1, 2].map(
    (round) =>
      new Map(
        sections.flatMap((section) =>
          section.protocols.flatMap((protocol) =>
            section.loads.flatMap((load) =>
              armsOf(section, protocol, load, arms).map(
                ({ name }) =>
                  [
                    trialKey(section.name, protocol, load.name, name),
                    measured(name, load.connections, round),
                  ] as const,
              ),
            ),
          ),
        ),
      ),
  );
  return {
    extent: EXTENT,
    sections,
    arms: { arms, leftOut: [['k6', 'not on PATH']] },
    measurements: { rounds, notes: new Map([['delivery, ws, delivery: wire: INVALID (send_lag)', 2]]) },
    environment: [['machine', '2 x CPU']],
  };
}
