import type { Comparison } from '../../result/comparison.ts';
import { renderBencher } from './bencher.ts';
import { renderBiggerIsBetter, renderSmallerIsBetter } from './github-action-benchmark.ts';
import { renderGithubAnnotations } from './github-annotations.ts';
import { renderGithubSummary } from './github-summary.ts';
import { renderGoBenchmark } from './go-benchmark.ts';
import { renderJunit } from './junit.ts';
import { renderOpenMetrics } from './openmetrics.ts';

/** A way to tell a comparison to a program of a CI system. */
export interface CiFormat {
  /** As in `--format`. */
  readonly name: string;
  /** Name of the file. */
  readonly file: string;
  readonly summary: string;
  render(comparison: Comparison): string;
}

/** Every format for CI, in the order of help. */
export const ciFormats: readonly CiFormat[] = [
  {
    name: 'junit',
    file: 'junit.xml',
    summary: 'test cases for GitLab, Jenkins and others',
    render: renderJunit,
  },
  {
    name: 'github-summary',
    file: 'github-summary.md',
    summary: "Markdown for a GitHub step's summary",
    render: renderGithubSummary,
  },
  {
    name: 'github-annotations',
    file: 'github-annotations.txt',
    summary: 'workflow commands for the log of a GitHub step',
    render: renderGithubAnnotations,
  },
  {
    name: 'benchmark-smaller',
    file: 'benchmark-smaller-is-better.json',
    summary: "github-action-benchmark's customSmallerIsBetter",
    render: renderSmallerIsBetter,
  },
  {
    name: 'benchmark-bigger',
    file: 'benchmark-bigger-is-better.json',
    summary: "github-action-benchmark's customBiggerIsBetter",
    render: renderBiggerIsBetter,
  },
  { name: 'bencher', file: 'bencher.json', summary: 'Bencher Metric Format', render: renderBencher },
  {
    name: 'go',
    file: 'benchmark.txt',
    summary: "Go's benchmark text for benchstat",
    render: renderGoBenchmark,
  },
  { name: 'openmetrics', file: 'metrics.prom', summary: 'OpenMetrics text', render: renderOpenMetrics },
];
