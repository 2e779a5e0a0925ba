import type { Calibration, CapacityLimit, Floor } from '../../result/calibration.ts';
import { formatCount, formatNumber } from '../../units.ts';
import { EMPTY_ENDING, type Ending } from '../ending.ts';
import { type Column, column, tabulate } from './table.ts';

const quantileOfFloor = (name: string, value: (floor: Floor) => number | null): Column<Floor> =>
  column(name, name, 'duration', `${name} of the latency`, value, { unitGroup: 'latency' });

const FLOOR_COLUMNS: ReadonlyArray<Column<Floor>> = [
  column('workers', 'workers', 'count', 'generator processes', ({ workers }) => workers),
  column('series', 'series', 'text', 'what is timed', ({ series }) => series),
  quantileOfFloor('p50', ({ p50Ns }) => p50Ns),
  quantileOfFloor('p90', ({ p90Ns }) => p90Ns),
  quantileOfFloor('p99', ({ p99Ns }) => p99Ns),
  column('samples', 'samples', 'count', 'independent samples', ({ samples }) => samples),
];

const SHORT_FLOOR = 'a dash: too few independent samples; p50 needs 6, p90 36, p99 368';

/** What is known of the loads above the capacity. */
const LIMIT_TEXTS: Readonly<Record<CapacityLimit, string>> = {
  generator: 'the generator was the limit above that',
  server: 'the null server was the limit above that, so a worker may carry more',
  disturbed: 'runs above that were disturbed, so a worker may carry more',
  none: 'no limit was found, so a worker carries more',
};

/** `carries 84,000 deliveries/s; the generator was the limit above that` */
export function carriedText(capacity: Calibration['capacity']): string {
  if (capacity === null) return 'unknown: no load was carried without a disturbance';
  const { deliveriesHz, limit } = capacity;
  return `carries ${formatCount(Math.round(deliveriesHz))} deliveries/s; ${LIMIT_TEXTS[limit]}`;
}

/** The end of a calibration: the floor, and what one worker carries. */
export function calibrationEnding({ setup, rateHz, floors, capacity }: Calibration): Ending {
  const plan = `${setup['scenario'] ?? ''} at ${formatNumber(rateHz)}/s, ${setup['clients'] ?? ''} clients, ${setup['driver'] ?? ''} driver`;
  const isShort = FLOOR_COLUMNS.some((each) => floors.some((floor) => each.value(floor) === null));
  return {
    ...EMPTY_ENDING,
    subject: `floor of this machine for ${plan}`,
    table: tabulate(FLOOR_COLUMNS, floors),
    notes: isShort ? [SHORT_FLOOR] : [],
    facts: [['one worker', carriedText(capacity)]],
    severity: 'good',
    conclusion: [`CALIBRATED: ${plan}`],
  };
}
