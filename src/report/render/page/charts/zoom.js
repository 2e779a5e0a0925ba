/** A drag shorter than this is a click. */
const MIN_DRAG_PX = 6;

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

/** A cursor that all charts over time share, and a drag that selects a part of the x axis. */
export function cursorOf({ chart }, state) {
  const isMoving = (type) => type === 'mousemove' || type === 'mouseleave';
  return {
    y: false,
    drag: { x: true, y: false, setScale: false, dist: MIN_DRAG_PX },
    dataIdx: nearestPoint,
    points: { show: !chart.isHeat },
    bind: { dblclick: () => null },
    sync:
      chart.xAxis === 'seconds'
        ? {
            key: state.syncKey,
            setSeries: false,
            scales: ['x', null],
            filters: { pub: isMoving, sub: isMoving },
          }
        : { key: '' },
  };
}

/** Steps the cursor to the next or the previous point in view. */
function moveCursor(u, step) {
  const [xs] = u.data;
  const { min, max } = u.scales.x;
  const inView = xs.map((x, index) => [x, index]).filter(([x]) => x >= min && x <= max);
  if (inView.length === 0) return;
  const place = u.cursor.left < 0 ? -1 : inView.findIndex(([, index]) => index === u.cursor.idx);
  const first = step > 0 ? 0 : inView.length - 1;
  const [x] = inView[place < 0 ? first : Math.min(inView.length - 1, Math.max(0, place + step))];
  u.setCursor({ left: u.valToPos(x, 'x'), top: 1 });
}

/** Where the cursor is on the x axis; null where it is not shown. */
function cursorX({ cursor, data }) {
  return cursor.left >= 0 && typeof cursor.idx === 'number' ? data[0][cursor.idx] : null;
}

/** A range around `middle` that is `share` as wide as the one in view; on a logarithmic axis by its logarithm. */
function around({ draw, chart }, middle, share) {
  const { min, max } = draw().scales.x;
  const [to, from] = chart.xAxis === 'odds' ? [Math.log, Math.exp] : [Number, Number];
  const at = middle === null ? (to(min) + to(max)) / 2 : to(middle);
  return [at - (at - to(min)) * share, at + (to(max) - at) * share].map(from);
}

/** Zooms by a share around the cursor, which stays where it is. */
function zoomBy(drawn, share, zoom) {
  const { domain } = drawn;
  const plot = drawn.draw();
  const middle = cursorX(plot);
  const [from, to] = around(drawn, middle, share);
  const [min, max] = domain;
  const isWhole = from <= min + (max - min) * 1e-6 && to >= max - (max - min) * 1e-6;
  zoom(isWhole ? null : [Math.max(min, from), Math.min(max, to)]);
  if (middle !== null) plot.setCursor({ left: plot.valToPos(middle, 'x'), top: 1 });
}

const MOUSE_EVENTS = { pointerdown: 'mousedown', pointermove: 'mousemove', pointerup: 'mouseup' };

/** uPlot follows the mouse only. A finger that moves sideways acts as one; up and down, it scrolls the page. */
function followTouch(box) {
  for (const [type, mouse] of Object.entries(MOUSE_EVENTS)) {
    box.addEventListener(type, ({ pointerType, target, clientX, clientY, movementX }) => {
      if (pointerType !== 'touch') return;
      const place = { clientX, clientY, movementX: movementX || 1, bubbles: true };
      target.dispatchEvent(new MouseEvent(mouse, place));
    });
  }
}

/** Follows pointer and keyboard in a plot. `zoom` takes a range, or null for the whole axis. */
export function steer(drawn, zoom) {
  const { box } = drawn;
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  followTouch(box);
  drawn.onSelect = (u) => {
    const { left, width } = u.select;
    if (width < MIN_DRAG_PX) return;
    zoom([u.posToVal(left, 'x'), u.posToVal(left + width, 'x')]);
    u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  };
  const keys = {
    ArrowLeft: () => moveCursor(drawn.draw(), -1),
    ArrowRight: () => moveCursor(drawn.draw(), 1),
    '+': () => zoomBy(drawn, 0.5, zoom),
    '=': () => zoomBy(drawn, 0.5, zoom),
    '-': () => zoomBy(drawn, 2, zoom),
    Escape: () => zoom(null),
    0: () => zoom(null),
  };
  box.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  box.addEventListener('dblclick', () => zoom(null));
  box.addEventListener('blur', () => drawn.plot?.setCursor({ left: -10, top: -10 }));
}
