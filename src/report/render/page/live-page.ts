import { renderDocument } from './document.ts';

const BODY = `<header id="live-header">
<h1 id="live-title">sockbench</h1>
<p><span id="live-status">connecting to sockbench</span> <span id="live-left"></span></p>
<progress id="live-share" max="1" value="0" aria-label="Part of the expected time that has passed"></progress>
</header>
<noscript><p class="note">The page needs JavaScript to follow the command.</p></noscript>
<dl id="live-tiles" aria-label="Figures so far"></dl>
<section hidden><h2>Ratios so far</h2><ul id="live-standings"></ul></section>
<div id="live-charts" class="chart-group lines" data-level="2" hidden></div>
<section id="live-report" hidden></section>
<section hidden><h2>Last outcomes</h2><ul id="live-outcomes"></ul></section>
<footer>Figures are up to two seconds old. This page becomes the report when the command has ended.</footer>`;

/**
 * The page that follows a command. It loads nothing but the events of its own address. `run` is the beginning of their
 * ids.
 */
export function livePage(run: string): string {
  return renderDocument({ title: 'sockbench', body: BODY, packed: '', run });
}
