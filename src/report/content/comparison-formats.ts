import type { Comparison } from '../../result/comparison.ts';
import { ciFormats } from '../ci/formats.ts';
import { renderHtml } from '../render/html.ts';
import { renderMarkdown } from '../render/markdown.ts';
import { renderText } from '../render/text.ts';
import { comparisonReport } from './comparison.ts';

/** A way to write a comparison down. */
export interface ComparisonFormat {
  /** As in `--format`. */
  readonly name: string;
  /** Name of the file. */
  readonly file: string;
  readonly summary: string;
  render(comparison: Comparison): string;
}

/** Every format of a comparison, in the order of help. */
export const comparisonFormats: readonly ComparisonFormat[] = [
  {
    name: 'text',
    file: 'report.txt',
    summary: 'tables for a terminal',
    render: (comparison) => renderText(comparisonReport(comparison)),
  },
  {
    name: 'md',
    file: 'report.md',
    summary: 'Markdown for a pull request',
    render: (comparison) => renderMarkdown(comparisonReport(comparison)),
  },
  {
    name: 'json',
    file: 'rounds.json',
    summary: 'every round as it was measured, and the verdicts',
    render: (comparison) => `${JSON.stringify(comparison)}\n`,
  },
  {
    name: 'html',
    file: 'report.html',
    summary: 'one page with the points of every round',
    render: (comparison) => renderHtml(comparisonReport(comparison)),
  },
  ...ciFormats,
];
