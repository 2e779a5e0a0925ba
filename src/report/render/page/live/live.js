import { drawCharts } from '../charts/group.js';
import { drawGroup } from '../charts/page-charts.js';
import { element } from '../charts/shared.js';

// The page of a command that runs: follows the events of the dashboard, and becomes the report at the end.

const part = (name) => document.getElementById(`live-${name}`);
const { run } = document.documentElement.dataset;
const source = new EventSource('/events?page');

/** Calls back with the data of an event. The page belongs to one command: of another one it is loaded again. */
function on(name, show) {
  source.addEventListener(name, ({ data, lastEventId }) => {
    if (lastEventId.split('-')[0] === run) show(JSON.parse(data));
    else location.reload();
  });
}

/** Shows each text as one item of a list. */
function showList(list, texts) {
  list.replaceChildren(...texts.map((text) => element('li', '', text)));
  list.parentElement.hidden = texts.length === 0;
}

/** Tiles stay as long as their names do, so that only figures change. */
function showTiles(tiles) {
  const box = part('tiles');
  const names = tiles.map(({ name }) => name).join('\n');
  if (box.dataset.names !== names) {
    box.dataset.names = names;
    box.replaceChildren(
      ...tiles.map(({ name }) => {
        const tile = element('div', 'tile');
        tile.append(element('dt', '', name), element('dd', ''), element('dd', 'note'));
        return tile;
      }),
    );
  }
  for (const [index, { value, note, severity }] of tiles.entries()) {
    const [, figure, below] = box.children[index].children;
    figure.textContent = value;
    figure.className = severity;
    below.textContent = note;
  }
}

on('head', ({ title, status, left, share, tiles, standings, outcomes }) => {
  part('header').className = '';
  part('title').textContent = title;
  part('status').textContent = status;
  part('left').textContent = left;
  part('share').value = share;
  document.title = `${Math.round(share * 100)} % ${title}`;
  showTiles(tiles);
  showList(part('standings'), standings);
  showList(part('outcomes'), outcomes);
});

/** The newest data of what is drawn. It is drawn when the page is seen again. */
const undrawn = new Map();

function drawVisible() {
  if (document.hidden) return;
  for (const [draw, data] of undrawn) draw(data);
  undrawn.clear();
}

function drawLater(draw) {
  return (data) => {
    undrawn.set(draw, data);
    drawVisible();
  };
}

function drawRunCharts(group) {
  part('charts').hidden = false;
  drawCharts(part('charts'), group);
}

/** Folds that the reader has opened stay open. */
function drawReport(html) {
  const box = part('report');
  const nameOf = ({ firstElementChild }) => firstElementChild?.textContent ?? '';
  const opened = new Map([...box.querySelectorAll('details')].map((fold) => [nameOf(fold), fold.open]));
  box.innerHTML = html;
  for (const fold of box.querySelectorAll('details')) fold.open = opened.get(nameOf(fold)) ?? fold.open;
  for (const root of box.querySelectorAll('.chart-group.lines')) drawGroup(root);
  box.hidden = false;
}

on('charts', drawLater(drawRunCharts));
on('report', drawLater(drawReport));
document.addEventListener('visibilitychange', drawVisible);

on('end', () => {
  source.close();
  location.reload();
});

on('failed', (reason) => {
  source.close();
  part('header').className = 'bad';
  part('status').textContent = `The command failed: ${reason}`;
  part('left').textContent = '';
  document.title = 'Failed - sockbench';
});

source.addEventListener('error', () => {
  part('header').className = 'warning';
  part('left').textContent = 'Connection lost. The figures below are the last ones that arrived.';
});
