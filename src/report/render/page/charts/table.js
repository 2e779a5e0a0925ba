import { element, lineName, valueText, xText } from './shared.js';

/** The shown lines of a chart as a table: a row for each point of the x axis. */
export function lineRows({ chart, draw }, group) {
  const plot = draw();
  const shown = chart.lines
    .map((line, index) => ({ line, index }))
    .filter(({ index }) => plot.series[index + 1].show);
  const [xs, ...lines] = plot.data;
  return {
    headings: [
      chart.xAxis === 'odds' ? 'percentile' : 'time',
      ...shown.map(({ line }) => lineName(chart, group, line)),
    ],
    rows: xs.map((x, row) => [
      xText(chart.xAxis, x),
      ...shown.map(({ index }) => {
        const value = lines[index][row];
        return value === undefined || value === null ? '-' : valueText(value, chart.unit);
      }),
    ]),
  };
}

function fill(box, title, { headings, rows }) {
  const table = element('table', '');
  const head = element('tr', '');
  head.append(...headings.map((text) => Object.assign(element('th', '', text), { scope: 'col' })));
  const caption = element('caption', '', title);
  caption.hidden = true;
  const thead = element('thead', '');
  thead.append(head);
  const tbody = element('tbody', '');
  for (const [name, ...cells] of rows) {
    const row = element('tr', '');
    row.append(
      Object.assign(element('th', '', name), { scope: 'row' }),
      ...cells.map((text) => element('td', 'n', text)),
    );
    tbody.append(row);
  }
  table.append(caption, thead, tbody);
  box.replaceChildren(table);
}

/** What stands below a chart: its values as a table, which is made when it is first opened. */
export function dataTable(title, rows) {
  const tools = element('div', 'tools');
  const details = element('details', 'data');
  const box = element('div', 'scroll');
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', `${title}, as a table`);
  details.append(element('summary', '', 'Table'), box);
  details.addEventListener('toggle', () => {
    if (details.open) fill(box, title, rows());
  });
  tools.append(details);
  return { tools, refill: () => details.open && fill(box, title, rows()) };
}
