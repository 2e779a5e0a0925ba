import type { Capacity } from '../../result/capacity.ts';
import { renderCapacityHtml } from './capacity-html.ts';
import { renderCapacityMarkdown } from './capacity-markdown.ts';
import { renderCapacityText } from './capacity-text.ts';

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
    render: renderCapacityText,
  },
  { name: 'md', extension: 'md', summary: 'Markdown for a pull request', render: renderCapacityMarkdown },
  {
    name: 'json',
    extension: 'json',
    summary: 'every run as it was measured, and the answer',
    render: (capacity) => `${JSON.stringify(capacity)}\n`,
  },
  { name: 'html', extension: 'html', summary: 'one page with the curve', render: renderCapacityHtml },
];
