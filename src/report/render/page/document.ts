import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ownFilePath } from '../../../package.ts';
import { plain } from '../../plain.ts';

/** Escapes text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return plain(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

/** Escapes end tags in a script or style for use inside a page. */
export function inlineCode(code: string): string {
  return code.replace(/<\/(?=script|style)/gi, '<\\/');
}

/** Returns the source expression with which a Content-Security-Policy allows one inline script. */
function scriptHash(code: string): string {
  return `'sha256-${createHash('sha256').update(code).digest('base64')}'`;
}

const require = createRequire(import.meta.url);

const ownFile = (name: string) => readFileSync(ownFilePath(`report/render/page/${name}`), 'utf8');
const uplotFile = (name: string) => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');

/** The modules of the charts, each after those that it imports. */
const CHART_MODULES = ['shared', 'table', 'download'];
const LINE_MODULES = [
  'zoom',
  'marks',
  'tip',
  'plot',
  'heat',
  'plot-svg',
  'bar',
  'figure',
  'group',
  'page-charts',
];

/** Removes comments and indents, which take a third of the space. */
function compact(code: string): string {
  return code.replaceAll(/^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)\n/gm, '').replaceAll(/^\s+/gm, '');
}

const ownCode = (name: string) => compact(ownFile(name));

/**
 * Joins modules into one script that runs from a file, where browsers load no modules: imports and the word `export` go.
 */
export function joinModules(names: readonly string[]): string {
  const code = names.map((name) =>
    compact(
      ownFile(`charts/${name}.js`)
        .replaceAll(/^import [^;]*;\n/gm, '')
        .replaceAll(/^export /gm, ''),
    ),
  );
  return `(()=>{'use strict';\n${code.join('\n')}})();`;
}

/** What a page is made of. */
interface PageParts {
  readonly title: string;
  /** Markup. */
  readonly body: string;
  /** The packed files for download, or empty. */
  readonly packed: string;
  /** Names the command that a live page follows by the events of its own address; null for a report. */
  readonly run: string | null;
}

/** The styles and scripts that the markup of a page uses. Its texts are escaped, so that none of them looks like a class. */
function pageCodeOf({ body, run }: PageParts): {
  readonly styles: readonly string[];
  readonly scripts: readonly string[];
} {
  const isLive = run !== null;
  const has = (form: string) => isLive || body.includes(`<div class="chart-group ${form}"`);
  const [lines, dots] = [has('lines'), has('dots')];
  const modules = [
    ...CHART_MODULES,
    ...(lines ? LINE_MODULES : []),
    ...(isLive ? ['../live/live'] : dots ? ['dots'] : []),
  ];
  return {
    styles: [
      ...(lines ? [uplotFile('uPlot.min.css')] : []),
      ...['page.css', 'opening.css', 'tables.css'].map(ownCode),
      ...(lines || dots ? [ownCode('charts/charts.css')] : []),
      ...(lines ? [ownCode('charts/lines.css')] : []),
      ...(dots ? [ownCode('charts/dots.css')] : []),
      ...(isLive ? [ownCode('live/live.css')] : []),
    ],
    scripts: [
      ownCode('page.js'),
      ...(lines ? [uplotFile('uPlot.iife.min.js')] : []),
      ...(lines || dots ? [joinModules(modules)] : []),
    ],
  };
}

/**
 * Renders a page that holds its own styles, scripts and data, and loads nothing from the network. `body` is markup,
 * `packed` the packed files for download, or empty.
 */
export function htmlDocument(title: string, body: string, packed = ''): string {
  return renderDocument({ title, body, packed, run: null });
}

/** Renders a page, which loads nothing from the network but the events that a live one follows. */
export function renderDocument(parts: PageParts): string {
  const { title, body, packed, run } = parts;
  const code = pageCodeOf(parts);
  const [styles, scripts] = [code.styles.map(inlineCode), code.scripts.map(inlineCode)];
  const events = run === null ? '' : "; connect-src 'self'";
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${scripts.map(scriptHash).join(' ')}${events}`;
  return `<!doctype html>
<html lang="en"${run === null ? '' : ` data-run="${escapeHtml(run)}"`}>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body>
<main>
${body}
</main>
${packed === '' ? '' : `<script type="text/plain" id="files">${packed}</script>`}
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
}
