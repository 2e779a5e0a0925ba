import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { mersenne } from 'pure-rand/generator/mersenne';
import { quantileRanks } from '../src/result/quantile-bounds.ts';

const [RUNS, BROADCASTS, QUANTILE] = [20, 1000, 0.99];
/** Chosen so that one of twenty intervals misses, as one of twenty does on average. */
const SEED = 2;

/** The latencies of the made-up server are exponential with a mean of 1 ms, so their true p99 is known. */
const TRUE_MS = -Math.log(1 - QUANTILE);

interface DrawnRun {
  readonly lower: number;
  readonly value: number;
  readonly upper: number;
}

function drawRuns(): DrawnRun[] {
  const random = mersenne(SEED);
  const ranks = quantileRanks(BROADCASTS, QUANTILE);
  return Array.from({ length: RUNS }, () => {
    const latencies = Array.from({ length: BROADCASTS }, () => -Math.log(1 - uniformFloat64(random)));
    const ascending = latencies.sort((a, b) => a - b);
    const at = (rank: number) => ascending[rank - 1] ?? Number.NaN;
    return { lower: at(ranks.lower ?? 0), value: at(BROADCASTS * QUANTILE), upper: at(ranks.upper ?? 0) };
  });
}

/** Columns and rows of the picture, in pixels. */
const [LEFT, RIGHT, TOP, ROW] = [20, 690, 48, 12];
const [MIN_MS, MAX_MS] = [3, 8];
const BOTTOM = TOP + RUNS * ROW;
const xOf = (ms: number) => (LEFT + ((ms - MIN_MS) / (MAX_MS - MIN_MS)) * (RIGHT - LEFT)).toFixed(1);

const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1c2128; }
    .soft { fill: #5a6472; }
    path { stroke: #5a6472; }
    .bar { stroke: #0072b2; stroke-width: 3; }
    circle { fill: #0072b2; }
    .miss .bar { stroke: #b3261e; }
    .miss circle, .miss text { fill: #b3261e; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6e9ed; }
      .soft { fill: #a0a9b5; }
      path { stroke: #a0a9b5; }
      .bar { stroke: #4fa8e0; }
      circle { fill: #4fa8e0; }
      .miss .bar { stroke: #ff8a80; }
      .miss circle, .miss text { fill: #ff8a80; }
    }`;

function runMarkup({ lower, value, upper }: DrawnRun, index: number): string {
  const y = TOP + ROW * (index + 0.5);
  const misses = upper < TRUE_MS || lower > TRUE_MS;
  const note = misses ? `<text x="${Number(xOf(upper)) + 10}" y="${y + 4}">misses it</text>` : '';
  const bar = `<path class="bar" d="M${xOf(lower)} ${y}H${xOf(upper)}"/><circle cx="${xOf(value)}" cy="${y}" r="4"/>`;
  return `  <g${misses ? ' class="miss"' : ''}>${bar}${note}</g>`;
}

/** The picture of docs/method.md as SVG, for light and dark pages: p99 and its interval in twenty runs of one server. */
export function intervalsPicture(): string {
  const ticks = Array.from({ length: MAX_MS - MIN_MS + 1 }, (_, index) => MIN_MS + index);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 ${BOTTOM + 48}" role="img" aria-labelledby="title">`,
    `  <title id="title">p99 and its 95 % interval in ${RUNS} runs of one server: all but one hold the p99 of an endless run</title>`,
    `  <style>${STYLE}\n  </style>`,
    `  <text x="${xOf(TRUE_MS)}" y="18" text-anchor="middle">p99 of an endless run</text>`,
    `  <path d="M${xOf(TRUE_MS)} 26V${BOTTOM}" stroke-dasharray="4 3"/>`,
    ...drawRuns().map(runMarkup),
    `  <path d="M${LEFT} ${BOTTOM + 6}H${RIGHT}"/>`,
    ...ticks.map(
      (ms) =>
        `  <text class="soft" x="${xOf(ms)}" y="${BOTTOM + 22}" text-anchor="middle">${ms === MAX_MS ? `${ms} ms` : ms}</text>`,
    ),
    `  <text class="soft" x="${LEFT}" y="${BOTTOM + 42}">dot: p99 of one run of ${BROADCASTS.toLocaleString('en-US')} broadcasts; bar: its 95 % interval</text>`,
    '</svg>',
    '',
  ].join('\n');
}
