// Sorts tables, downloads files, copies the command, and prepares for printing. Runs in every page: no modules, no network.

/** Reads a value that the page holds packed: JSON, compressed by gzip, in base64. The charts use it too. */
globalThis.unpack = async (text) => {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json();
};

(() => {
  const UNITS = {
    ns: 1,
    us: 1e3,
    µs: 1e3,
    ms: 1e6,
    s: 1e9,
    B: 1,
    KiB: 1024,
    MiB: 1024 ** 2,
    GiB: 1024 ** 3,
    '%': 0.01,
    x: 1,
  };
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // Sorting

  /** The figure of a cell in its base unit; null for other texts. */
  function figureOf(text) {
    const [, figure, unit] = /^[<>~+]?\s*(-?[\d,]*\.?\d+)\s*([^\s\d]*)/.exec(text) ?? [];
    return figure === undefined ? null : Number(figure.replaceAll(',', '')) * (UNITS[unit] ?? 1);
  }

  /** Ascending, with figures before texts, and cells without a value last in both directions. */
  function compareCells(a, b, direction) {
    const isEmpty = (text) => text === '' || text === '-';
    if (isEmpty(a) || isEmpty(b)) return Number(isEmpty(a)) - Number(isEmpty(b));
    const [x, y] = [figureOf(a), figureOf(b)];
    if (x !== null && y !== null) return direction * (x - y);
    if (x !== null || y !== null) return x === null ? 1 : -1;
    return direction * a.localeCompare(b, 'en', { numeric: true });
  }

  /** Sorts the rows of each group; a third click restores the order of the report. */
  function sort(table, original, column, header) {
    const next = { ascending: 'descending', descending: null }[header.getAttribute('aria-sort')];
    const state = next === undefined ? 'ascending' : next;
    for (const other of all('thead th', table)) other.removeAttribute('aria-sort');
    if (state !== null) header.setAttribute('aria-sort', state);
    const direction = state === 'descending' ? -1 : 1;
    for (const [body, rows] of original) {
      const text = (row) => row.cells[column]?.textContent.trim() ?? '';
      const sorted = rows.toSorted((a, b) => compareCells(text(a), text(b), direction));
      body.append(...(state === null ? rows : sorted));
    }
  }

  /** Makes the headings of a table with several rows in a group into buttons. */
  function makeSortable(table) {
    const original = [...table.tBodies].map((body) => [
      body,
      [...body.rows].filter((row) => !row.classList.contains('group')),
    ]);
    if (original.every(([, rows]) => rows.length < 2)) return;
    for (const [column, header] of all('thead th', table).entries()) {
      const button = document.createElement('button');
      button.type = 'button';
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener('click', () => sort(table, original, column, header));
    }
  }

  // Files

  /** Reads the files that the page holds. */
  async function readFiles() {
    const { histograms, files } = await unpack(document.querySelector('#files').textContent);
    const whole = (text) =>
      text.split('\u0001').map((part, index) => (index % 2 === 0 ? part : histograms[part]));
    return files.map((file) => ({ ...file, text: whole(file.text).join('') }));
  }

  let read = null;
  async function download(index) {
    read ??= readFiles();
    const { name, type, text } = (await read)[index];
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  function startDownloads() {
    for (const group of all('.downloads')) group.hidden = false;
    for (const button of all('[data-file]')) {
      button.addEventListener('click', () => download(Number(button.dataset.file)));
    }
  }

  // The command

  /** Pages from disk may not use the clipboard; what is selected can always be copied. */
  async function copyText(element) {
    try {
      await navigator.clipboard.writeText(element.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(element);
      return document.execCommand('copy');
    }
  }

  function startCopying() {
    const button = document.querySelector('.copy');
    if (button === null) return;
    button.hidden = false;
    button.addEventListener('click', async () => {
      const fold = document.querySelector('.command');
      fold.open = true;
      const isCopied = await copyText(fold.querySelector('pre'));
      document.querySelector('.copied').textContent = isCopied ? 'Copied' : 'Press Ctrl+C to copy';
    });
  }

  // Folds, focus and paper

  /** Opens the folds around what the address names. */
  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    for (let fold = target?.closest('details'); fold; fold = fold.parentElement.closest('details'))
      fold.open = true;
    target?.scrollIntoView();
  }

  /** Only what scrolls takes the focus of the keyboard. */
  const followWidth = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const isScrolling = target.scrollWidth > target.clientWidth;
      target.tabIndex = isScrolling ? 0 : -1;
      target.classList.toggle('scrolls', isScrolling);
    }
  });

  /** On paper all folds are open, but for the tables of charts. */
  function followPrinting() {
    let closed = [];
    addEventListener('beforeprint', () => {
      closed = all('details:not([open], .data)');
      for (const fold of closed) fold.open = true;
    });
    addEventListener('afterprint', () => {
      for (const fold of closed) fold.open = false;
    });
  }

  for (const table of all('.scroll > table')) makeSortable(table);
  for (const box of all('.scroll:has(> table)')) followWidth.observe(box);
  startDownloads();
  startCopying();
  followPrinting();
  addEventListener('hashchange', openTarget);
  // The charts above it take their room when they are drawn.
  addEventListener('drawn', openTarget);
  openTarget();
})();
