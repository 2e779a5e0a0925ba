import { drawCharts, redrawCharts } from './group.js';

// Draws the line charts of a report from the data beside them, and follows printing and the theme.

/** Draws the charts of one group from the data in it. */
export async function drawGroup(root) {
  const { xs, charts, ...group } = await unpack(root.querySelector('script').textContent);
  const withX = (line) => ({ ...line, x: xs[line.x] });
  drawCharts(root, {
    ...group,
    charts: charts.map((chart) => ({ ...chart, lines: chart.lines.map(withX) })),
  });
}

const roots = [...document.querySelectorAll('.chart-group.lines:not([hidden])')];
Promise.all(roots.map(drawGroup)).then(() => dispatchEvent(new Event('drawn')));
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
