import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { escapeHtml, inlineCode, scriptHash } from './markup.ts';

const require = createRequire(import.meta.url);

const ownFile = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const uplotFile = (name: string) => readFileSync(require.resolve(`uplot/dist/${name}`), 'utf8');

interface DocumentParts {
  /** Plain text. */
  readonly title: string;
  /** Markup inside `main`. */
  readonly body: string;
}

/** A page that holds its own styles and scripts, and loads nothing from the network. */
export function htmlDocument({ title, body }: DocumentParts): string {
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
