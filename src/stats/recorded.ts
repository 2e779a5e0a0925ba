import { formatCount } from '../units.ts';
import { type Metric, metricName } from './metric.ts';
import { type Forecast, obstacleTo } from './threshold-forecast.ts';

/** What is known beforehand of the runs of one arm. */
export interface ArmForecast extends Pick<Forecast, 'samples' | 'unavailable'> {
  readonly name: string;
  readonly headline: string;
  /** Whether the numbers of samples are averages, since messages are sent at random times. */
  readonly isRandom: boolean;
  /** Whether the system's account in ticks of 10 ms is all that will tell the CPU time of its server. */
  readonly hasCoarseCpu: boolean;
}

/** What is known beforehand of a comparison. */
export interface Recorded {
  /** Of the base. */
  readonly headline: string;
  /** The scenario's own series, by name. */
  readonly own: Readonly<Record<string, string>>;
  readonly arms: readonly ArmForecast[];
}

/** Why no round will have the metric on both sides; null where one may. */
export function obstacleIn({ arms }: Recorded, metric: Metric): ReturnType<typeof obstacleTo> {
  const obstacles = arms.flatMap((arm) => {
    const obstacle = obstacleTo(metric, { ...arm, runs: 1 });
    return obstacle === null ? [] : [{ ...obstacle, arm: arm.name }];
  });
  const [first] = obstacles;
  if (first === undefined) return null;
  const where = obstacles.length === arms.length ? '' : `of ${first.arm}: `;
  return { problem: `${where}${first.problem}`, hint: first.hint };
}

/** Why a run of an arm will, or may, have too few samples; null where nothing speaks against it. */
export function shortageIn({ arms }: Recorded, metric: Metric, needed: number): string | null {
  if (!('series' in metric)) return null;
  const short = arms.flatMap(({ name, samples, isRandom }) => {
    const planned = samples.get(metric.series) ?? null;
    if (planned === null || (isRandom ? leastOfRandom(planned) : planned) >= needed) return [];
    const of = `independent samples of ${metricName(metric)}`;
    const text =
      planned < needed
        ? `${formatCount(planned)} ${of}, and needs ${needed}`
        : `${formatCount(planned)} ${of} on average, and by chance perhaps fewer than the ${needed} that it needs`;
    return [{ name, text }];
  });
  const [first] = short;
  if (first === undefined) return null;
  const which = short.length === arms.length ? '' : ` of ${first.name}`;
  return `each run${which} would have ${first.text}`;
}

/** Fewer come in one of 30,000 runs: the number of random arrivals spreads by the root of its mean. */
function leastOfRandom(mean: number): number {
  return mean - 4 * Math.sqrt(mean);
}
