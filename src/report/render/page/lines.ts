import type { ChartGroup, LineChart, LineStyle } from '../../charts.ts';
import { escapeHtml, jsonForScript } from './document.ts';
import { dotChartHtml } from './dots.ts';

const DASHES: Readonly<Record<LineStyle, string>> = { solid: '', dashed: '7 4', dotted: '2 3' };

type LineGroup = Extract<ChartGroup, { form: 'lines' }>;

/** A square in one of the eight colours for lines. */
export function swatchHtml(colour: number): string {
  return `<i class="swatch" style="background:var(--line-${colour % 8})"></i>`;
}

/** What the styles of a chart's lines stand for; empty when all lines are alike. */
function keysHtml({ lines }: LineChart): string {
  const styles = new Map(lines.map(({ label, style }) => [label, style]));
  if (styles.size < 2) return '';
  const keys = [...styles].map(
    ([label, style]) =>
      `<span class="key"><svg viewBox="0 0 26 8" aria-hidden="true"><path d="M0 4H26" stroke-dasharray="${DASHES[style]}"/></svg>${escapeHtml(label)}</span>`,
  );
  return `<span class="keys">${keys.join(' ')}</span>`;
}

/** The script draws into `.plot`. */
function chartHtml(chart: LineChart): string {
  const unit = chart.unit === null ? '' : `, ${chart.unit}`;
  const scale = chart.logarithmicY ? ' (logarithmic)' : '';
  return [
    `<figure${chart.xAxis === 'odds' ? ' class="wide"' : ''}>`,
    `<figcaption><strong>${escapeHtml(`${chart.title}${unit}${scale}`)}</strong> ${keysHtml(chart)}`,
    `<span class="note">${escapeHtml(chart.note)}</span></figcaption>`,
    '<div class="plot"></div>',
    '</figure>',
  ].join('\n');
}

/** The legend of a group, and the numbers for the script. */
function legendHtml({ runs, measureMs, charts }: LineGroup): string[] {
  const buttons = runs.map(
    ({ label, colour }, run) =>
      `<button type="button" aria-pressed="true" data-run="${run}">${swatchHtml(colour)}${escapeHtml(label)}</button>`,
  );
  return [
    `<script type="application/json">${jsonForScript({ runs, measureMs, charts })}</script>`,
    `<div class="legend" role="group" aria-label="Runs shown in the charts" hidden>${buttons.join('\n')}</div>`,
    '<noscript><p class="note">The charts need JavaScript. The tables do not.</p></noscript>',
  ];
}

/** The charts of a group; empty without charts. */
export function chartGroupHtml(group: ChartGroup): string {
  if (group.charts.length === 0) return '';
  const figures = group.form === 'lines' ? group.charts.map(chartHtml) : group.charts.map(dotChartHtml);
  return [
    `<div class="chart-group ${group.form}">`,
    ...(group.form === 'lines' ? legendHtml(group) : []),
    `<div class="charts">${figures.join('\n')}</div>`,
    '</div>',
  ].join('\n');
}
