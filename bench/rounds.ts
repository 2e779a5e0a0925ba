import { messageOf } from '../src/errors.ts';
import { median } from '../src/result/order-statistics.ts';
import type { BenchProtocol } from './protocols.ts';
import type { BenchSection, Load, Lookup, ValueOf } from './sections.ts';
import type { Arm, ClientFigures } from './workload.ts';

/** Everything that one round measured, by {@link trialKey}. */
export type BenchRound = ReadonlyMap<string, ClientFigures>;

export interface Measurements {
  readonly rounds: readonly BenchRound[];
  /** What disturbed some of them, with how often: `official driver, ws, request: INVALID (send_lag)`. */
  readonly notes: ReadonlyMap<string, number>;
}

/** The key of a measurement. */
export function trialKey(section: string, protocol: BenchProtocol, load: string, arm: string): string {
  return [section, protocol, load, arm].join(' ');
}

/** The arms that take part in a load of a section. */
export function armsOf(section: BenchSection, protocol: BenchProtocol, load: Load, arms: readonly Arm[]) {
  return arms.filter(
    ({ name, kinds, protocols }) =>
      protocols.includes(protocol) &&
      kinds.includes(load.kind) &&
      (section.arms === null || section.arms.includes(name)),
  );
}

/** Measures every section in rounds. Each round has all arms, and every second one has them in reverse. */
export async function measureArms(
  sections: readonly BenchSection[],
  arms: readonly Arm[],
  onProgress: (text: string) => void,
): Promise<Measurements> {
  const notes = new Map<string, number>();
  const count = Math.max(...sections.map((section) => section.rounds));
  const rounds: BenchRound[] = [];
  for (let round = 1; round <= count; round += 1) {
    const measured = new Map<string, ClientFigures>();
    const ordered = round % 2 === 0 ? arms.toReversed() : arms;
    for (const section of sections.filter((each) => each.rounds >= round)) {
      for (const { protocol, load, arm } of trialsOf(section, ordered)) {
        const what = `${section.name}, ${protocol}, ${load.name}: ${arm.title}`;
        onProgress(`round ${round} of ${count}: ${what}`);
        const note = (text: string) =>
          notes.set(`${what}: ${text}`, (notes.get(`${what}: ${text}`) ?? 0) + 1);
        try {
          const figures = await arm.measure({ ...load, protocol }, note);
          measured.set(trialKey(section.name, protocol, load.name, arm.name), figures);
        } catch (error) {
          note(`not measured: ${messageOf(error)}`);
        }
      }
    }
    rounds.push(measured);
  }
  return { rounds, notes };
}

/** All arms of a load one after the other, so that they meet the same state of the machine. */
function trialsOf(section: BenchSection, arms: readonly Arm[]) {
  return section.protocols.flatMap((protocol) =>
    section.loads.flatMap((load) =>
      armsOf(section, protocol, load, arms).map((arm) => ({ protocol, load, arm })),
    ),
  );
}

/** Median, minimum and maximum over the rounds. */
export interface Estimate {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Where a value of an arm is. */
export interface Place {
  readonly section: string;
  readonly protocol: BenchProtocol;
  readonly arm: string;
  readonly base: string;
}

/** Computes a value in each round that has it, and summarizes them; null where no round has it. */
export function estimate(rounds: readonly BenchRound[], value: ValueOf, place: Place): Estimate | null {
  const { section, protocol, arm, base } = place;
  const values = rounds.flatMap((round) => {
    const of: Lookup = (load, name) => round.get(trialKey(section, protocol, load, name)) ?? {};
    return value(of, { arm, base }) ?? [];
  });
  if (values.length === 0) return null;
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
