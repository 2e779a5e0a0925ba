import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
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

/**
 * Turns a value into JSON for a script of type application/json: its texts are plain, and without `<`, so that nothing in
 * it ends the script.
 */
export function jsonForScript(value: unknown): string {
  const json = JSON.stringify(value, (_, each) => (typeof each === 'string' ? plain(each) : each));
  return json.replaceAll('<', '\\u003c');
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

const ownFile = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const uplotFile = (name: string) => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');

/** Renders a page that holds its own styles and scripts, and loads nothing from the network. `body` is markup. */
export function htmlDocument(title: string, body: string): string {
  const styles = [uplotFile('uPlot.min.css'), ownFile('page.css'), ownFile('charts.css')].map(inlineCode);
  const scripts = [uplotFile('uPlot.iife.min.js'), ownFile('charts.js')].map(inlineCode);
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${scripts.map(scriptHash).join(' ')}`;
  return `<!doctype html>
<html lang="en">
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
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
}
