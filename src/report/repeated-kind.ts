import type { Repeated } from '../result/repeated.ts';
import { fileNameOf } from '../result/store.ts';
import { renderRepeatedBadge } from './badge.ts';
import { repeatedReport } from './content/repeated.ts';
import { repeatedEnding } from './content/repeated-ending.ts';
import { firstStart } from './content/repeated-figures.ts';
import { renderRepeatedCsv } from './csv.ts';
import {
  DEFAULT_FORMATS,
  type DocumentKind,
  filesOfPage,
  format,
  renderDense,
  runName,
  shown,
} from './formats.ts';
import { pageData } from './page-data.ts';
import { renderHtml } from './render/html.ts';

/** `room-fanout-socketio-polling-20261121-233355-042-5-starts` */
function repeatedName(documents: readonly Repeated[]): string {
  const [first] = documents;
  if (first === undefined || documents.length > 1) return `comparison-of-${documents.length}-repeated`;
  const result = firstStart(first);
  return fileNameOf(result === null ? 'repeated' : runName(result), `${first.design.repeat}-starts`);
}

/** One repeated run, or several in one report. */
export const REPEATED: DocumentKind<readonly Repeated[]> = {
  noun: 'repeated run',
  ending: repeatedEnding,
  defaultFormats: DEFAULT_FORMATS,
  fileName: (documents, { file }) => `${repeatedName(documents)}.${file}`,
  formats: [
    shown('text', 'txt', 'the median of the starts, and every start', repeatedReport),
    shown('md', 'md', 'Markdown for a pull request', repeatedReport),
    format('json', 'json', 'every start and the figures over them', (documents) =>
      renderDense(documents.length === 1 ? documents[0] : documents),
    ),
    format('html', 'html', 'a page with every start', (documents) =>
      renderHtml(
        repeatedReport(documents),
        pageData(() => filesOfPage(REPEATED, documents)),
      ),
    ),
    format('csv', 'csv', 'one row per figure in fixed units', renderRepeatedCsv),
    format('badge', 'badge.svg', 'an SVG badge of the verdict', renderRepeatedBadge),
  ],
};
