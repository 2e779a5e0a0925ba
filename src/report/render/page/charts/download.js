import { element, themed } from './shared.js';

const XML = 'http://www.w3.org/2000/svg';

/** An element of SVG with its attributes. */
export function svgElement(tag, attributes, text = '') {
  const made = document.createElementNS(XML, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

/** An empty drawing with the colour of the page, in the font of the charts. */
export function drawing(width, height) {
  const svg = svgElement('svg', {
    ...{ xmlns: XML, width, height, viewBox: `0 0 ${width} ${height}` },
    ...{ 'font-family': 'system-ui, sans-serif', 'font-size': 12 },
  });
  svg.append(svgElement('rect', { width, height, fill: themed('paper') }));
  return svg;
}

function save(href, name) {
  const link = element('a', '');
  link.href = href;
  link.download = name;
  link.click();
}

function saveBlob(blob, name) {
  const href = URL.createObjectURL(blob);
  save(href, name);
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

/** `latency-over-time-ms.svg` */
function fileName(name, extension) {
  return `${name
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')}.${extension}`;
}

/** Twice as many pixels as on the page, for screens and slides that show that many. */
const PNG_SCALE = 2;

async function pngOf(svg, text) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = element('canvas', '');
  canvas.width = svg.getAttribute('width') * PNG_SCALE;
  canvas.height = svg.getAttribute('height') * PNG_SCALE;
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
}

/** Two buttons that save a chart. `draw` makes its drawing when it is asked for. */
export function downloads(nameOf, draw) {
  const box = element('span', 'saves');
  for (const extension of ['png', 'svg']) {
    const button = element('button', '', extension.toUpperCase());
    button.type = 'button';
    button.addEventListener('click', async () => {
      const svg = draw();
      const text = new XMLSerializer().serializeToString(svg);
      const name = fileName(nameOf(), extension);
      saveBlob(
        extension === 'svg' ? new Blob([text], { type: 'image/svg+xml' }) : await pngOf(svg, text),
        name,
      );
    });
    button.setAttribute('aria-label', `Download ${nameOf()} as ${extension.toUpperCase()}`);
    box.append(button);
  }
  return box;
}
