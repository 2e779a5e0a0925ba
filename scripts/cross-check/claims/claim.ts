import type { CrossCheck, ToolReport, ToolRun } from '../record.ts';

/** What the runs showed of a claim. `unknown` when a run that it needs left no report. */
export type Outcome = 'seen' | 'not seen' | 'unknown';

/** A claim about a tool, how it was tried, and what was seen. */
export interface Claim {
  readonly title: string;
  readonly outcome: Outcome;
  /** Paragraphs and tables in Markdown. */
  readonly parts: readonly string[];
}

export type Experiments = CrossCheck['experiments'];

export const outcomeOf = (seen: boolean): Outcome => (seen ? 'seen' : 'not seen');

/** Finds a run of an experiment; undefined when it was not made. */
export function runNamed(runs: readonly ToolRun[], tool: string, variant = ''): ToolRun | undefined {
  return runs.find((each) => each.tool === tool && each.variant === variant);
}

/** Finds a run that left a report. */
export function reported(
  runs: readonly ToolRun[],
  tool: string,
  variant = '',
): (ToolRun & { readonly report: ToolReport }) | undefined {
  const run = runNamed(runs, tool, variant);
  return run?.report == null ? undefined : { ...run, report: run.report };
}
