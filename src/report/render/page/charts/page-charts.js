import { drawCharts, redrawCharts } from './group.js';

// Draws the line charts of a report from the data beside them, and follows printing and the theme.

/** Draws the charts of one group from the data in it. */
export function drawGroup(root) {
  const { xs, charts, ...group } = JSON.parse(root.querySelector('script').textContent);
  const withX = (line) => ({ ...line, x: xs[line.x] });
  drawCharts(root, {
    ...group,
    charts: charts.map((chart) => ({ ...chart, lines: chart.lines.map(withX) })),
  });
}

for (const root of document.querySelectorAll('.chart-group.lines:not([hidden])')) drawGroup(root);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawCharts);

// On paper everything is light.
addEventListener('beforeprint', () => {
  document.documentElement.dataset.theme = 'light';
  redrawCharts();
});
addEventListener('afterprint', () => {
  delete document.documentElement.dataset.theme;
  redrawCharts();
});
