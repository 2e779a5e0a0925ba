import { FINDING_CODES } from '../../src/result/findings.ts';

/**
 * Documents that were stored before the schema became version 3, as this version stores them. Only names changed: a
 * figure that a conversion would have to compute does not belong here.
 */

/** Names of fields, series, figures, scenarios and kinds of results. */
const RENAMED: Readonly<Record<string, string>> = {
  owed: 'expected',
  irregular: 'anomalies',
  irregularCount: 'anomalyCount',
  spoilt: 'excluded',
  spoiltAt: 'inconclusiveAt',
  visit: 'iteration',
  visits: 'iterations',
  journey: 'iteration',
  journey_actual: 'iteration_actual',
  steady: 'stable',
  loopUtilisation: 'loopUtilization',
  workUtilisation: 'workUtilization',
  server_loop_utilisation: 'server_loop_utilization',
  generator_utilisation: 'generator_utilization',
  pollsInVain: 'emptyPolls',
  polls_in_vain: 'empty_polls',
  mostSteps: 'maxSteps',
  mostMs: 'maxMs',
  unmet: 'below_start',
  unsteady: 'unstable',
  unseen: 'inconclusive',
  open: 'interrupted',
  'polling-against-push': 'polling-vs-push',
  not_steady: 'warmup_unstable',
  spoilt_pairs: 'excluded_pairs',
};

/** The same where they stand within a text, as in `journey.p50<50ms`. */
const WITHIN = /\b(journey|journey_actual|server_loop_utilisation|generator_utilisation|polls_in_vain)\b/g;

const nameOf = (text: string) =>
  (Object.hasOwn(RENAMED, text) ? RENAMED[text] : undefined) ??
  text.replace(WITHIN, (name) => RENAMED[name] ?? name);

/** Any value with all its names as they are now. */
export function renamed(value: unknown): unknown {
  if (typeof value === 'string') return nameOf(value);
  if (Array.isArray(value)) return value.map(renamed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [nameOf(key), renamed(each)]));
}

/** A finding of a capacity search had the name of the metric that missed its objective for a code. */
export function codeOf(code: string): string {
  const now = nameOf(code);
  const isMetric = ['lost', 'failed'].includes(now) || !FINDING_CODES.some((each) => each === now);
  return isMetric ? 'objective_missed' : now;
}

type Fields = Readonly<Record<string, unknown>>;

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A run, comparison or capacity search of schema version 2, 1 and 1, as one of version 3. */
export function fromSchema2(stored: unknown): unknown {
  const document = withVersion(renamed(stored));
  if (!isFields(document) || !Array.isArray(document['steps'])) return document;
  const steps = document['steps'].map((step: Fields) => ({
    ...step,
    reasons: (step['reasons'] as { readonly code: string; readonly message: string }[]).map(
      ({ code, message }) => ({ code: codeOf(code), message }),
    ),
  }));
  return { ...document, steps };
}

function withVersion(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withVersion);
  if (!isFields(value)) return value;
  const fields = Object.entries(value).map(([key, each]) => [
    key,
    key === 'schemaVersion' ? 3 : withVersion(each),
  ]);
  return Object.fromEntries(fields);
}
