import type { ChartedView } from '../../result/view.ts';
import type { LineGroup } from '../charts.ts';
import { flatText } from './flat-lines.ts';
import { heatMapOf } from './heat-map.ts';
import { runCharts, STATISTICS } from './run-charts.ts';
import { timeMarks } from './run-marks.ts';

/** A group of charts none of which is over time. */
export const NOTHING_OVER_TIME: Omit<LineGroup, 'runs' | 'charts'> = {
  form: 'lines',
  measureMs: null,
  percentiles: { all: [], shown: [] },
  heatMap: null,
  marks: [],
  flat: [],
};

/** The charts of some runs on a page with `pageRuns` runs. Charts without a change become text. */
export function runChartGroup(
  views: readonly ChartedView[],
  runs: LineGroup['runs'],
  pageRuns: number,
): LineGroup {
  const charts = runCharts(views, pageRuns).map((chart) => ({ chart, flat: flatText(chart, runs) }));
  const labels = new Set(charts.flatMap(({ chart }) => chart.lines.map(({ label }) => label)));
  return {
    form: 'lines',
    runs,
    measureMs: Math.max(...views.map(({ result }) => result.timing.measureMs)),
    percentiles: {
      all: STATISTICS.map(({ label }) => label).filter((label) => labels.has(label)),
      shown: views.length === 1 ? ['p50', 'p99', 'max'] : ['p50', 'p99'],
    },
    charts: charts.filter(({ flat }) => flat === null).map(({ chart }) => chart),
    heatMap: heatMapOf(views, pageRuns),
    marks: timeMarks(views),
    flat: charts.flatMap(({ chart, flat }) => (flat === null ? [] : [[chart.title, flat] as const])),
  };
}

/** The charts of a run that goes on, as its report will have them; `label` names the target. */
export function liveRunCharts(view: ChartedView, label: string): LineGroup {
  return runChartGroup([view], [{ label, colour: 0 }], 1);
}
