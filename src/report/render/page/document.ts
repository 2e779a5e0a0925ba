import { escapeHtml, inlineCode, jsonForScript, scriptHash } from './markup.ts';

/** Scripts and styles that the page carries inside itself; whoever renders reads the files. */
export interface PageAssets {
  /** uplot/dist/uPlot.iife.min.js and uplot/dist/uPlot.min.css */
  readonly uplotJs: string;
  readonly uplotCss: string;
  /** browser.js and browser.css beside this file */
  readonly pageJs: string;
  readonly pageCss: string;
}

interface DocumentParts {
  /** As text. */
  readonly title: string;
  /** Markup inside `main`. */
  readonly body: string;
  /** What browser.js draws: one entry for each section. */
  readonly sections: readonly unknown[];
}

/** A page that holds all it needs and asks no network for anything. */
export function htmlDocument({ title, body, sections }: DocumentParts, assets: PageAssets): string {
  const [uplot, script] = [inlineCode(assets.uplotJs), inlineCode(assets.pageJs)];
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src ${scriptHash(uplot)} ${scriptHash(script)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${inlineCode(assets.uplotCss)}</style>
<style>${inlineCode(assets.pageCss)}</style>
</head>
<body>
<main>
${body}
</main>
<script type="application/json" id="charts">${jsonForScript(sections)}</script>
<script>${uplot}</script>
<script>${script}</script>
</body>
</html>
`;
}
