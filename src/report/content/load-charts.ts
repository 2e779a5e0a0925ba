import type { RunResult, StoredInterval } from '../../result/run-result.ts';
import type { ResultView } from '../../result/view.ts';
import { type Chart, type Line, makeChart } from '../render/page/chart.ts';

type CountName = 'intended' | 'sent' | 'expected' | 'delivered' | 'lost';

/** Seconds whose messages were measured; in the drain nothing is sent. */
function measuredIntervals({ intervals, timing }: RunResult): StoredInterval[] {
  return intervals.filter(({ startMs }) => startMs < timing.measureMs);
}

function countLine(view: ResultView, run: number, name: CountName, style: Line['style']): Line {
  const intervals = measuredIntervals(view.result);
  return {
    run,
    style,
    label: name,
    x: intervals.map(({ startMs, lengthMs }) => (startMs + lengthMs / 2) / 1000),
    y: intervals.map((interval) => interval[name] / (interval.lengthMs / 1000)),
  };
}

/** Messages sent a second against what was intended. */
export function rateChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Messages sent',
    note: 'By the second in which they were to be sent.',
    xAxis: 'seconds',
    kind: 'rate',
    lines: views.flatMap((view, run) => [
      countLine(view, run, 'intended', 'dashed'),
      countLine(view, run, 'sent', 'solid'),
    ]),
  });
}

/** What the messages of each second came to. */
export function deliveryChart(views: readonly ResultView[]): Chart | null {
  return makeChart({
    title: 'Delivered',
    note: 'By the second in which they were to be sent.',
    xAxis: 'seconds',
    kind: 'rate',
    lines: views.flatMap((view, run) => [
      countLine(view, run, 'expected', 'dashed'),
      countLine(view, run, 'delivered', 'solid'),
    ]),
  });
}

/** Loss second by second; null when nothing was lost, which the tables say better. */
export function lossChart(views: readonly ResultView[]): Chart | null {
  if (views.every(({ result }) => result.ledger.lost === 0)) return null;
  return makeChart({
    title: 'Lost',
    note: 'By the second in which they were to be sent.',
    xAxis: 'seconds',
    kind: 'rate',
    lines: views.map((view, run) => countLine(view, run, 'lost', 'solid')),
  });
}
