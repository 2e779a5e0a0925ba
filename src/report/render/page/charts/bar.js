import { kindsOf, MARKS } from './marks.js';
import { element, pathOfDash, swatch, xText } from './shared.js';

/** Shows one of `all` alone, or all again where it is alone. With a modifier key: one more, or one less. */
function isolate(shown, all, one, event) {
  const isAlone = shown.size === 1 && shown.has(one);
  if (event.shiftKey || event.ctrlKey || event.metaKey) {
    if (!shown.delete(one)) shown.add(one);
    if (shown.size > 0) return;
  }
  shown.clear();
  for (const each of isAlone ? all : [one]) shown.add(each);
}

function toggle(shown, one) {
  if (shown.has(one) && shown.size > 1) shown.delete(one);
  else shown.add(one);
}

function pressButton(text, isPressed, onClick) {
  const button = element('button', '', text);
  button.type = 'button';
  button.setAttribute('aria-pressed', String(isPressed));
  button.addEventListener('click', onClick);
  return button;
}

function barGroup(title, buttons) {
  const group = element('div', 'choices');
  group.setAttribute('role', 'group');
  group.setAttribute('aria-label', title);
  group.append(element('span', 'note', title), ...buttons);
  return group;
}

/** Buttons keep the focus when they are made again. */
export function drawBar(state) {
  const { group, bar, shownRuns, percentiles, hiddenMarks, zoom } = state;
  const focused = [...bar.querySelectorAll('button')].indexOf(document.activeElement);
  const runs = group.runs.map(({ label, colour }, run) => {
    const button = pressButton(label, shownRuns.has(run), (event) => {
      isolate(shownRuns, [...group.runs.keys()], run, event);
      state.refresh();
    });
    button.prepend(swatch(`line-${colour % 8}`));
    return button;
  });
  const picked = group.percentiles.all.map((name) =>
    pressButton(name, percentiles.has(name), () => {
      toggle(percentiles, name);
      state.refresh();
    }),
  );
  const marks = kindsOf(group).map((kind) => {
    const { length } = group.marks.filter((mark) => mark.kind === kind);
    return pressButton(`${MARKS[kind].sign} ${MARKS[kind].name} (${length})`, !hiddenMarks.has(kind), () => {
      if (!hiddenMarks.delete(kind)) hiddenMarks.add(kind);
      state.refresh();
    });
  });
  const zoomed = Object.entries(zoom).filter(([, range]) => range !== null);
  const ranges = zoomed.map(([axis, [from, to]]) => `${xText(axis, from)} to ${xText(axis, to)}`);
  const reset = pressButton(`Reset zoom (${ranges.join(', ')})`, false, () => state.zoomTo('all', null));
  reset.removeAttribute('aria-pressed');
  reset.hidden = zoomed.length === 0;
  bar.replaceChildren(
    ...(runs.length > 1 ? [barGroup('Runs', runs)] : []),
    ...(picked.length > 1 ? [barGroup('Percentiles', picked)] : []),
    ...(marks.length > 0 ? [barGroup('Marks', marks)] : []),
    reset,
  );
  bar.querySelectorAll('button')[focused]?.focus();
}

export function drawFlat({ group, flat }) {
  flat.hidden = group.flat.length === 0;
  flat.replaceChildren(
    ...group.flat.map(([title, text]) => {
      const row = element('div', '');
      row.append(element('dt', '', title), element('dd', '', text));
      return row;
    }),
  );
}

/** What the lines of a chart stand for; a click isolates those of one name. */
export function drawKeys(state, drawn) {
  const { chart, keys, hiddenLabels } = drawn;
  const focused = [...keys.children].indexOf(document.activeElement);
  if (chart.isHeat) {
    const { runs } = state.group;
    keys.replaceChildren(
      ...(runs.length > 1
        ? [swatch(`line-${runs[state.heatRun].colour % 8}`), runs[state.heatRun].label]
        : []),
    );
    return;
  }
  const alike = new Map(chart.lines.map((line) => [line.label, line]));
  const labels = [...alike.keys()].filter((label) => !chart.hasPercentiles || state.percentiles.has(label));
  if (labels.length < 2) {
    keys.replaceChildren();
    return;
  }
  keys.replaceChildren(
    ...labels.map((label) => {
      const button = pressButton(label, !hiddenLabels.has(label), (event) => {
        const shown = new Set(labels.filter((each) => !hiddenLabels.has(each)));
        isolate(shown, labels, label, event);
        if (chart.hasPercentiles) state.percentiles = shown;
        else drawn.hiddenLabels = new Set(labels.filter((each) => !shown.has(each)));
        state.refresh();
      });
      const { style, colour } = alike.get(label);
      button.prepend(
        pathOfDash(style, state.group.runs.length === 1 ? `var(--line-${colour})` : 'currentcolor'),
      );
      return button;
    }),
  );
  keys.children[focused]?.focus();
}
