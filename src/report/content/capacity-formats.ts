import type { Capacity } from '../../result/capacity.ts';
import { renderHtml } from '../render/html.ts';
import { renderMarkdown } from '../render/markdown.ts';
import { renderText } from '../render/text.ts';
import { capacityReport } from './capacity.ts';

/** A way to write a search for capacity down. */
export interface CapacityFormat {
  /** As in `--format`. */
  readonly name: string;
  /** Of a file, without the dot. */
  readonly extension: string;
  readonly summary: string;
  render(capacity: Capacity): string;
}

/** Every format of a search, in the order of help. */
export const capacityFormats: readonly CapacityFormat[] = [
  {
    name: 'text',
    extension: 'txt',
    summary: 'the answer and a row for each run',
    render: (capacity) => renderText(capacityReport(capacity)),
  },
  {
    name: 'md',
    extension: 'md',
    summary: 'Markdown for a pull request',
    render: (capacity) => renderMarkdown(capacityReport(capacity)),
  },
  {
    name: 'json',
    extension: 'json',
    summary: 'every run as it was measured, and the answer',
    render: (capacity) => `${JSON.stringify(capacity)}\n`,
  },
  {
    name: 'html',
    extension: 'html',
    summary: 'one page with the curve',
    render: (capacity) => renderHtml(capacityReport(capacity)),
  },
];
