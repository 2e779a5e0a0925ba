/** Correlations of more distant values are not computed. */
const MAX_PLACES_APART = 1000;
/** The lags whose correlation is given. */
const LAGS = [1, 10, 100, 1000] as const;
/** A correlation is given only where so many times its lag of values exist. */
const VALUES_PER_LAG = 4;
/** Two-sided 95 % of the normal distribution, for the correlations of independent values. */
const TWO_SIDED_NOISE = 1.96;

/** How successive values are correlated by rank, so that a few extreme ones do not decide it. */
export interface RankCorrelation {
  /** The number of values. */
  readonly values: number;
  /** Correlations of values that are so many places apart, from -1 to 1. */
  readonly lags: ReadonlyArray<{ readonly lag: number; readonly correlation: number }>;
  /** 95 % of the correlations of independent values are closer to 0. */
  readonly noise: number;
  /** The first lag whose correlation is within the noise; null where none is. */
  readonly withinNoiseFrom: number | null;
}

/** The rank autocorrelation of values in their order; null for fewer than 20, and where all are the same. */
export function rankCorrelation(values: Float64Array): RankCorrelation | null {
  if (values.length < 20) return null;
  const ranks = centredRanks(values);
  const squares = productSum(ranks, 0);
  if (squares === 0) return null;
  const correlationAt = (lag: number) => productSum(ranks, lag) / squares;
  const noise = TWO_SIDED_NOISE / Math.sqrt(values.length);
  const limit = Math.min(MAX_PLACES_APART, Math.floor(values.length / VALUES_PER_LAG));
  let lag = 1;
  while (lag <= limit && Math.abs(correlationAt(lag)) > noise) lag += 1;
  return {
    values: values.length,
    lags: LAGS.filter((each) => each <= limit).map((each) => ({
      lag: each,
      correlation: correlationAt(each),
    })),
    noise,
    withinNoiseFrom: lag <= limit ? lag : null,
  };
}

/** The rank of each value minus the middle rank. Equal values share the mean of their ranks. */
function centredRanks(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranks = new Float64Array(values.length);
  const middle = (values.length - 1) / 2;
  for (let from = 0; from < order.length; ) {
    const value = values[order[from] ?? 0];
    let to = from;
    while (to < order.length && values[order[to] ?? 0] === value) to += 1;
    for (let place = from; place < to; place++) ranks[order[place] ?? 0] = (from + to - 1) / 2 - middle;
    from = to;
  }
  return ranks;
}

function productSum(values: Float64Array, lag: number): number {
  let sum = 0;
  for (let at = lag; at < values.length; at++) sum += (values[at] ?? 0) * (values[at - lag] ?? 0);
  return sum;
}
