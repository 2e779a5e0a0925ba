/* global uPlot */
// Draws the charts of a report. Runs in the page: no modules, no network, only uPlot beside it.
(() => {
  const sections = JSON.parse(document.getElementById('charts').textContent);
  const DASHES = { solid: [], dashed: [7, 4], dotted: [2, 3] };
  const WIDTHS = { solid: 2, dashed: 1.5, dotted: 1.5 };
  const FONT = '12px system-ui, sans-serif';
  const PALETTE_SIZE = 8;
  const drawn = [];

  /** A colour of the page's current theme. */
  const themed = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  // Axes

  /** 1, 2, 5, 10, 20 and so on from `min` to `max`; only powers of ten when there are many. */
  function logarithmicSplits(min, max) {
    const steps = Math.log10(max / min) > 3 ? [1] : [1, 2, 5];
    const splits = [];
    for (let power = Math.floor(Math.log10(min)); power <= Math.ceil(Math.log10(max)); power++) {
      for (const step of steps) {
        const split = Number(`${step}e${power}`);
        if (split >= min && split <= max) splits.push(split);
      }
    }
    return splits;
  }

  /** HdrHistogram's axis: 0 %, 50 %, then one more nine each decade. */
  function oddsSplits(max) {
    const splits = [1, 2];
    for (let odds = 10; odds <= max * 1.001; odds *= 10) splits.push(odds);
    return splits;
  }

  /** 1 / (1 - p) as the percentile p: 100 is 99 %. */
  const percentileName = (odds) => `${Number((100 - 100 / odds).toPrecision(6))} %`;

  const figure = (value) => {
    if (value === 0 || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
    return String(Number(value.toPrecision(3)));
  };

  /** The next 1, 2 or 5 times a power of ten at or beyond `value`, in the direction of `round`. */
  function roundTo125(value, round) {
    const power = 10 ** Math.floor(Math.log10(value));
    const steps = [1, 2, 5, 10].map((step) => step * power);
    return round === 'up'
      ? steps.find((step) => step >= value * 0.999)
      : steps.findLast((step) => step <= value * 1.001);
  }

  function yRange(chart, min, max) {
    if (!chart.logarithmicY) return [0, max > 0 ? max * 1.08 : 1];
    return [roundTo125(min, 'down'), roundTo125(max, 'up')];
  }

  function xScale(chart, xs) {
    if (chart.xAxis === 'odds') {
      return { time: false, distr: 3, log: 10, range: () => [1, Math.max(10, xs.at(-1))] };
    }
    return { time: false, range: () => [Math.min(0, xs[0]), Math.max(1, xs.at(-1) + 0.5)] };
  }

  const measuring = document.createElement('canvas').getContext('2d');

  /** Room for the longest label, so that none is cut off. */
  function axisWidth(labels) {
    measuring.font = FONT;
    return Math.ceil(Math.max(0, ...(labels ?? []).map((label) => measuring.measureText(label).width))) + 14;
  }

  function axes(chart) {
    const common = {
      stroke: themed('ink-soft'),
      font: FONT,
      grid: { stroke: themed('grid'), width: 1 },
      ticks: { show: false },
    };
    const odds = chart.xAxis === 'odds';
    const x = {
      ...common,
      size: 30,
      space: 56,
      values: (_, splits) =>
        splits.map((split) => (split === null ? '' : odds ? percentileName(split) : `${figure(split)} s`)),
    };
    if (odds) Object.assign(x, { splits: (u) => oddsSplits(u.scales.x.max), filter: keepApart });
    const y = {
      ...common,
      size: (_, labels) => axisWidth(labels),
      space: 36,
      values: (_, splits) => splits.map(figure),
    };
    if (chart.logarithmicY) {
      Object.assign(y, {
        splits: (u) => logarithmicSplits(u.scales.y.min, u.scales.y.max),
        filter: (_, splits) => splits,
      });
    }
    return [x, y];
  }

  /** Leaves out labels that would run into the one before. */
  function keepApart(u, splits) {
    let last = Number.NEGATIVE_INFINITY;
    return splits.map((split) => {
      const at = u.valToPos(split, 'x');
      if (at - last < 46) return null;
      last = at;
      return split;
    });
  }

  // Warm-up and drain

  /** Shades what lies before and after the measured time. */
  function shadeUnmeasured(measureS) {
    return (u) => {
      const { left, top, width, height } = u.bbox;
      const at = (second) => Math.min(left + width, Math.max(left, u.valToPos(second, 'x', true)));
      u.ctx.save();
      u.ctx.fillStyle = themed('shade');
      u.ctx.fillRect(left, top, at(0) - left, height);
      u.ctx.fillRect(at(measureS), top, left + width - at(measureS), height);
      u.ctx.restore();
    };
  }

  // Figures under the pointer

  /** The point of a line nearest to the pointer, past those that belong to other lines only. */
  function nearestPoint(u, line, hovered) {
    const [xs, ys] = [u.data[0], u.data[line]];
    for (let away = 0; away < xs.length; away++) {
      for (const index of [hovered - away, hovered + away]) {
        if (ys[index] !== undefined && ys[index] !== null) return index;
      }
    }
    return hovered;
  }

  function element(tag, className, text) {
    const made = document.createElement(tag);
    made.className = className;
    made.textContent = text;
    return made;
  }

  /** What to call a line: its run, and what it shows where the chart has more than one kind of line. */
  function lineName(chart, section, line) {
    const kinds = new Set(chart.lines.map(({ label }) => label));
    if (section.labels.length === 1) return line.label;
    return kinds.size === 1 ? section.labels[line.run] : `${section.labels[line.run]} ${line.label}`;
  }

  function tipRows(u, chart, section) {
    return chart.lines.flatMap((line, index) => {
      const { show, stroke } = u.series[index + 1];
      const value = u.data[index + 1][u.cursor.idxs[index + 1]];
      if (!show || value === undefined || value === null) return [];
      const row = element('div', 'tip-row', '');
      const mark = element('i', '', '');
      mark.style.background = stroke();
      const name = element('span', '', lineName(chart, section, line));
      row.append(mark, name, element('b', '', `${figure(value)} ${chart.unit ?? ''}`));
      return [row];
    });
  }

  function showTip(chart, section, tip) {
    return (u) => {
      const { left, idx } = u.cursor;
      const rows = typeof idx === 'number' && left >= 0 ? tipRows(u, chart, section) : [];
      tip.hidden = rows.length === 0;
      if (tip.hidden) return;
      const x = u.data[0][idx];
      const title = chart.xAxis === 'odds' ? percentileName(x) : `${x.toFixed(1)} s`;
      tip.replaceChildren(element('div', 'tip-title', title), ...rows);
      placeTip(u, tip, left);
    };
  }

  /** Beside the pointer, on the side that has room, never outside the plot. */
  function placeTip(u, tip, left) {
    const room = u.over.clientWidth;
    tip.style.maxWidth = `${room + 16}px`;
    const wanted = left > room / 2 ? left - tip.offsetWidth - 12 : left + 12;
    tip.style.left = `${Math.max(-8, Math.min(wanted, room - tip.offsetWidth + 8))}px`;
  }

  // Charts

  function lineOptions(section, line) {
    const colour = themed(`line-${section.colours[line.run] % PALETTE_SIZE}`);
    const points = line.x.length < 2 ? { show: true, size: 7, fill: colour } : { show: false };
    return {
      label: line.label,
      stroke: () => colour,
      width: WIDTHS[line.style],
      dash: DASHES[line.style],
      points,
      show: !section.hidden.has(line.run),
    };
  }

  function draw(box) {
    const [sectionIndex, chartIndex] = box.dataset.chart.split('.').map(Number);
    const section = sections[sectionIndex];
    const chart = section.charts[chartIndex];
    // Keeps a gap (null) apart from a point that only other lines have (undefined), which is drawn through.
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
        scales: {
          x: xScale(chart, data[0]),
          y: { distr: chart.logarithmicY ? 3 : 1, log: 10, range: (_, min, max) => yRange(chart, min, max) },
        },
        axes: axes(chart),
        series: [{}, ...chart.lines.map((line) => lineOptions(section, line))],
        hooks: {
          drawClear: chart.xAxis === 'odds' ? [] : [shadeUnmeasured(section.measureS)],
          setCursor: [showTip(chart, section, tip)],
        },
      },
      data,
      box,
    );
    plot.over.append(tip);
    return { box, plot, chart, section };
  }

  function drawAll() {
    for (const { plot } of drawn.splice(0)) plot.destroy();
    for (const box of document.querySelectorAll('[data-chart]')) drawn.push(draw(box));
  }

  // Legend, theme and size

  function toggleRun(section, button) {
    const run = Number(button.dataset.run);
    const show = section.hidden.delete(run);
    if (!show) section.hidden.add(run);
    button.setAttribute('aria-pressed', String(show));
    for (const { plot, chart, section: owner } of drawn) {
      if (owner !== section) continue;
      chart.lines.forEach((line, index) => {
        if (line.run === run) plot.setSeries(index + 1, { show });
      });
    }
  }

  function startLegend(legend) {
    const section = sections[Number(legend.dataset.section)];
    legend.hidden = false;
    for (const button of legend.querySelectorAll('button')) {
      button.addEventListener('click', () => toggleRun(section, button));
    }
  }

  function followWidth() {
    const observer = new ResizeObserver(() => {
      for (const { box, plot } of drawn) {
        if (box.clientWidth !== plot.width) plot.setSize({ width: box.clientWidth, height: plot.height });
      }
    });
    for (const box of document.querySelectorAll('[data-chart]')) observer.observe(box);
  }

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

  for (const section of sections) section.hidden = new Set();
  for (const legend of document.querySelectorAll('.legend')) startLegend(legend);
  drawAll();
  followWidth();
  followPrinting();
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
})();
