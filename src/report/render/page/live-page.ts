import { renderDocument } from './document.ts';

const BODY = `<header id="live">
<h1 id="title">sockbench</h1>
<p><span id="status">connecting to sockbench</span> <span id="left"></span></p>
<progress id="share" max="1" value="0" aria-label="Part of the expected time that has passed"></progress>
</header>
<noscript><p class="note">The page needs JavaScript to follow the command.</p></noscript>
<dl id="tiles" aria-label="Figures so far"></dl>
<section hidden><h2>Ratios so far</h2><ul id="standings"></ul></section>
<div id="charts" class="chart-group lines" data-level="3" hidden></div>
<section id="report" hidden></section>
<section hidden><h2>Last outcomes</h2><ul id="outcomes"></ul></section>
<footer>Figures are up to two seconds old. This page becomes the report when the command has ended.</footer>`;

/**
 * The page that follows a command. It loads nothing but the events of its own address. `run` is the beginning of their
 * ids.
 */
export function livePage(run: string): string {
  return renderDocument({ title: 'sockbench', body: BODY, run });
}
