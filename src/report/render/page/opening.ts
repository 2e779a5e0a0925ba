import type { Opening } from '../../blocks.ts';
import { escapeHtml } from './document.ts';
import type { PageFile } from './downloads.ts';

function namedList(name: string, label: string, items: readonly string[]): string {
  if (items.length === 0) return '';
  return `<ul class="${name}" aria-label="${label}">${items.map((item) => `<li>${item}</li>`).join('\n')}</ul>`;
}

/** More caveats than this stand in a fold. */
const MAX_CAVEATS = 4;

/** An invalid run is worse than a caveat. */
const caveatHtml = (text: string) =>
  /(^|: )INVALID: /.test(text) ? `<strong class="bad">${escapeHtml(text)}</strong>` : escapeHtml(text);

function caveatsHtml(caveats: readonly string[]): string {
  const items = caveats.map(caveatHtml);
  const shown = items.length <= MAX_CAVEATS + 1 ? items : items.slice(0, MAX_CAVEATS);
  const folded = items.slice(shown.length);
  const more =
    folded.length === 0
      ? ''
      : `<details><summary>${folded.length} more caveats</summary>${namedList('caveats', 'More caveats', folded)}</details>`;
  return `${namedList('caveats', 'Caveats', shown)}${more}`;
}

/** What a threshold came to. The text names the outcome, the sign repeats it. */
function thresholdHtml({ passed, text }: Opening['thresholds'][number]): string {
  const [sign, severity] =
    passed === null ? ['?', 'warning'] : passed ? ['\u2713', 'good'] : ['\u2717', 'bad'];
  return `<span class="${severity}" aria-hidden="true">${sign}</span> ${escapeHtml(text)}`;
}

/** The first thing on a page: the verdict and the conclusion, caveats beside them, and what was tested. */
export function openingHtml(opening: Opening): string {
  const { severity, word, conclusion, caveats, thresholds, notes, tested } = opening;
  const facts = tested.map(
    ([name, text]) => `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(text)}</dd></div>`,
  );
  return [
    `<header class="${severity}">`,
    `<h1><span class="badge">${escapeHtml(word)}</span> ${escapeHtml(conclusion)}</h1>`,
    caveatsHtml(caveats),
    namedList('outcomes', 'Thresholds', thresholds.map(thresholdHtml)),
    namedList('notes', 'Notes', notes.map(escapeHtml)),
    `<dl class="tested">${facts.join('\n')}</dl>`,
    '</header>',
  ].join('\n');
}

function buttonHtml({ name, label }: PageFile, index: number): string {
  return `<button type="button" data-file="${index}" title="${escapeHtml(name)}">${escapeHtml(label)}</button>`;
}

/** More buttons than this stand in a fold. */
const MAX_BUTTONS = 4;

/** Buttons to download the data and to copy the command; the script shows them. `note` says what is not in the page. */
export function actionsHtml(files: readonly PageFile[], command: string | null, note: string): string {
  const buttons = files.map(buttonHtml);
  const [first, folded] = [buttons.slice(0, MAX_BUTTONS), buttons.slice(MAX_BUTTONS)];
  const more =
    folded.length === 0
      ? ''
      : `<details class="more"><summary>More files</summary>${folded.join('\n')}</details>`;
  const downloads =
    files.length === 0
      ? ''
      : `<div class="downloads" role="group" aria-label="Download" hidden><span>Download</span>${first.join('\n')}${more}</div>`;
  const copied =
    command === null
      ? ''
      : `<details class="command"><summary>Command</summary><pre>${command.split('\n').map(escapeHtml).join('\n')}</pre></details><button type="button" class="copy" hidden>Copy ${command.includes('\n') ? 'commands' : 'command'}</button><span class="copied" role="status"></span>`;
  if (downloads === '' && copied === '' && note === '') return '';
  const noteHtml = note === '' ? '' : `<p class="note">${escapeHtml(note)}</p>`;
  return `<div class="actions">${downloads}${copied}${noteHtml}</div>`;
}
