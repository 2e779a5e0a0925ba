import { drawCharts, printCharts, redrawCharts } from './group.js';

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

/**
 * Keeps the page loading until the returned function is called, since a browser may print a page as soon as it has loaded.
 * A page loads for as long as a frame in it does.
 */
function holdLoad() {
  const frame = Object.assign(document.createElement('iframe'), { hidden: true });
  document.body.append(frame);
  frame.contentDocument.open();
  return () => {
    frame.contentDocument.close();
    frame.remove();
  };
}

const roots = [...document.querySelectorAll('.chart-group.lines:not([hidden])')];
const endLoading = holdLoad();
Promise.all(roots.map(drawGroup)).finally(() => {
  endLoading();
  dispatchEvent(new Event('drawn'));
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redrawCharts);

let endPrinting = () => {};
addEventListener('beforeprint', () => {
  endPrinting = printCharts();
});
addEventListener('afterprint', () => endPrinting());
