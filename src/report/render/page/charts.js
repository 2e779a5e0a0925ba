/* global uPlot */
// Draws the line charts of a report. Runs in the page: no modules, no network, only uPlot beside it.
(() => {
  const DASHES = { solid: [], dashed: [7, 4], dotted: [2, 3] };
  const FONT = '12px system-ui, sans-serif';
  const groups = [...document.querySelectorAll('.chart-group.lines')].map((root) => ({
    ...JSON.parse(root.querySelector('script').textContent),
    root,
    hidden: new Set(),
  }));
  const drawn = [];

  const probe = document.body.appendChild(document.createElement('i'));
  /** A colour of the page's current theme. */
  function themed(name) {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  }

  const figure = (value) => {
    if (value === 0 || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
    return String(Number(value.toPrecision(3)));
  };

  /** 1 / (1 - p) as the percentile p: 100 is 99 %. */
  const percentileName = (odds) => `${Number((100 - 100 / odds).toPrecision(6))} %`;

  /** The axis of HdrHistogram: 0 %, 50 %, then one more nine each decade. */
  function oddsSplits(u) {
    const splits = [1, 2];
    for (let odds = 10; odds <= u.scales.x.max * 1.001; odds *= 10) splits.push(odds);
    return splits;
  }

  /** Leaves out labels that would overlap. */
  function keepApart(u, splits) {
    let last = Number.NEGATIVE_INFINITY;
    return splits.map((split) => {
      const at = u.valToPos(split, 'x');
      if (at - last < 46) return null;
      last = at;
      return split;
    });
  }

  const measuring = document.createElement('canvas').getContext('2d');
  /** Room for the longest label. */
  function axisWidth(_, labels) {
    measuring.font = FONT;
    return Math.ceil(Math.max(0, ...(labels ?? []).map((label) => measuring.measureText(label).width))) + 14;
  }

  /** Leaves 1, 2 and 5 of each decade on a logarithmic axis, or 1 only where there are many decades. */
  function fewPerDecade(u, splits) {
    const digits = u.scales.y.max / u.scales.y.min > 1000 ? '1' : '125';
    const isRound = (split) => Math.abs(split / Number(split.toExponential(0)) - 1) < 1e-9;
    const isKept = (split) => isRound(split) && digits.includes(split.toExponential()[0]);
    return splits.map((split) => (isKept(split) ? split : null));
  }

  function axes({ xAxis, logarithmicY }) {
    const label = (name) => (_, splits) => splits.map((split) => (split === null ? '' : name(split)));
    const common = {
      stroke: themed('ink-soft'),
      font: FONT,
      grid: { stroke: themed('grid'), width: 1 },
      ticks: { show: false },
    };
    const x = { ...common, size: 30, space: 56 };
    const y = { ...common, size: axisWidth, space: 36, values: label(figure) };
    return [
      xAxis === 'odds'
        ? { ...x, values: label(percentileName), splits: oddsSplits, filter: keepApart }
        : { ...x, values: label((seconds) => `${figure(seconds)} s`) },
      logarithmicY ? { ...y, filter: fewPerDecade, grid: { ...y.grid, filter: fewPerDecade } } : y,
    ];
  }

  function scales({ xAxis, logarithmicY }, xs) {
    const last = xs.at(-1);
    return {
      x:
        xAxis === 'odds'
          ? { time: false, distr: 3, range: () => [1, Math.max(10, last)] }
          : { time: false, range: () => [Math.min(0, xs[0]), Math.max(1, last + 0.5)] },
      y: logarithmicY
        ? { distr: 3, range: (_, min, max) => [min / 1.15, max * 1.15] }
        : { range: (_, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    };
  }

  /** Shades what lies before and after the measured time. */
  const shadeUnmeasured = (measureMs) => (u) => {
    const { left, top, width, height } = u.bbox;
    const at = (second) => Math.min(left + width, Math.max(left, u.valToPos(second, 'x', true)));
    const end = at(measureMs / 1000);
    u.ctx.save();
    u.ctx.fillStyle = themed('shade');
    u.ctx.fillRect(left, top, at(0) - left, height);
    u.ctx.fillRect(end, top, left + width - end, height);
    u.ctx.restore();
  };

  /** The nearest point of one line. `undefined` is a point that only other lines have. */
  function nearestPoint(u, line, hovered) {
    const ys = u.data[line];
    for (let away = 0; away < ys.length; away++) {
      for (const index of [hovered - away, hovered + away]) {
        if (ys[index] !== undefined && ys[index] !== null) return index;
      }
    }
    return hovered;
  }

  const element = (tag, className, textContent) =>
    Object.assign(document.createElement(tag), { className, textContent });

  /** The run of a line, and what the line shows where the chart has several kinds of lines. */
  function lineName({ lines }, { runs }, { run, label }) {
    const isOneKind = new Set(lines.map((line) => line.label)).size === 1;
    if (runs.length === 1) return label;
    return isOneKind ? runs[run].label : `${runs[run].label} ${label}`;
  }

  function tipRows(u, chart, group) {
    return chart.lines.flatMap((line, index) => {
      const { show, stroke } = u.series[index + 1];
      const value = u.data[index + 1][u.cursor.idxs[index + 1]];
      if (!show || value === undefined || value === null) return [];
      const row = element('div', 'tip-row', '');
      const mark = element('i', 'swatch', '');
      mark.style.background = stroke();
      const name = element('span', '', lineName(chart, group, line));
      row.append(mark, name, element('b', '', `${figure(value)} ${chart.unit ?? ''}`));
      return [row];
    });
  }

  function showTip(chart, group, tip) {
    return (u) => {
      const { left, idx } = u.cursor;
      const rows = typeof idx === 'number' && left >= 0 ? tipRows(u, chart, group) : [];
      tip.hidden = rows.length === 0;
      if (tip.hidden) return;
      const x = u.data[0][idx];
      const title = chart.xAxis === 'odds' ? percentileName(x) : `${x.toFixed(1)} s`;
      tip.replaceChildren(element('div', 'note', title), ...rows);
      // Beside the pointer, on the side that has room, never outside the plot.
      const room = u.over.clientWidth;
      tip.style.maxWidth = `${room + 16}px`;
      const wanted = left > room / 2 ? left - tip.offsetWidth - 12 : left + 12;
      tip.style.left = `${Math.max(-8, Math.min(wanted, room - tip.offsetWidth + 8))}px`;
    };
  }

  function lineOptions(group, { run, style, x }) {
    const colour = themed(`line-${group.runs[run].colour % 8}`);
    return {
      stroke: () => colour,
      width: style === 'solid' ? 2 : 1.5,
      dash: DASHES[style],
      points: x.length < 2 ? { show: true, size: 7, fill: colour } : { show: false },
      show: !group.hidden.has(run),
    };
  }

  function draw(box, chart, group) {
    // Keeps a gap (null) apart from a point that only other lines have (undefined).
    const data = uPlot.join(chart.lines.map(({ x, y }) => [x, y]));
    const tip = element('div', 'tip', '');
    tip.hidden = true;
    const plot = new uPlot(
      {
        width: box.clientWidth,
        height: chart.xAxis === 'odds' ? 320 : 220,
        padding: [10, 28, 0, 0],
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, dataIdx: nearestPoint },
        scales: scales(chart, data[0]),
        axes: axes(chart),
        series: [{}, ...chart.lines.map((line) => lineOptions(group, line))],
        hooks: {
          drawClear: chart.xAxis === 'odds' ? [] : [shadeUnmeasured(group.measureMs)],
          setCursor: [showTip(chart, group, tip)],
        },
      },
      data,
      box,
    );
    plot.over.append(tip);
    drawn.push({ box, plot, chart, group });
  }

  function drawAll() {
    for (const { plot } of drawn.splice(0)) plot.destroy();
    for (const group of groups) {
      const boxes = [...group.root.querySelectorAll('.plot')];
      for (const [index, box] of boxes.entries()) draw(box, group.charts[index], group);
    }
  }

  function toggleRun(group, button) {
    const run = Number(button.dataset.run);
    const show = group.hidden.delete(run);
    if (!show) group.hidden.add(run);
    button.setAttribute('aria-pressed', String(show));
    for (const { plot, chart, group: owner } of drawn) {
      if (owner !== group) continue;
      for (const [index, line] of chart.lines.entries()) {
        if (line.run === run) plot.setSeries(index + 1, { show });
      }
    }
  }

  function startLegend(group) {
    const legend = group.root.querySelector('.legend');
    legend.hidden = false;
    for (const button of legend.querySelectorAll('button')) {
      button.addEventListener('click', () => toggleRun(group, button));
    }
  }

  const resized = new ResizeObserver(() => {
    for (const { box, plot } of drawn) plot.setSize({ width: box.clientWidth, height: plot.height });
  });

  /** On paper everything is light and open. */
  function followPrinting() {
    let closed = [];
    addEventListener('beforeprint', () => {
      closed = [...document.querySelectorAll('details:not([open])')];
      for (const details of closed) details.open = true;
      document.documentElement.dataset.theme = 'light';
      drawAll();
    });
    addEventListener('afterprint', () => {
      for (const details of closed) details.open = false;
      delete document.documentElement.dataset.theme;
      drawAll();
    });
  }

  for (const group of groups) startLegend(group);
  drawAll();
  for (const { box } of drawn) resized.observe(box);
  followPrinting();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
})();
