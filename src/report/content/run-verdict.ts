import type { Finding, RunResult } from '../../result/run-result.ts';
import { plural } from '../../text.ts';
import { plain } from '../plain.ts';

const isValid = (result: RunResult) => result.invalid.length === 0;
const isPartial = (result: RunResult) => result.status === 'partial';

/** `server-overloaded` and `SERVER_OVERLOADED` become `SERVER OVERLOADED`. */
function shout(code: string): string {
  return plain(code).replace(/[-_]/g, ' ').toUpperCase();
}

function sentences(findings: readonly Finding[]): string {
  return findings.map(({ message }) => plain(message)).join('; ');
}

/** `, SERVER OVERLOADED: latency grew; 12 messages lost`, one part for each code; empty without findings. */
function foundText(findings: readonly Finding[]): string {
  const byCode = Map.groupBy(findings, ({ code }) => code);
  return [...byCode].map(([code, each]) => `, ${shout(code)}: ${sentences(each)}`).join('');
}

/**
 * The sentence that begins every report: `VALID`, `VALID, SERVER OVERLOADED: why`, `INVALID: why; why`;
 * with `PARTIAL, ` before it when the run ended before its plan did.
 */
export function verdict(result: RunResult): string {
  const belief = isValid(result)
    ? `VALID${foundText(result.findings)}`
    : `INVALID: ${sentences(result.invalid)}`;
  return isPartial(result) ? `PARTIAL, ${belief}` : belief;
}

/** One word for a column: `valid` or `INVALID`, with `, partial` when the run ended early. */
export function validityWord(result: RunResult): string {
  return `${isValid(result) ? 'valid' : 'INVALID'}${isPartial(result) ? ', partial' : ''}`;
}

/**
 * The first line of a report on one result or several: the verdict of the one, or how many have which:
 * `VALID: 3 results`, `2 VALID, 1 INVALID, 1 PARTIAL of 3 results`.
 */
export function overallVerdict(results: readonly RunResult[]): string {
  const [only] = results;
  if (only !== undefined && results.length === 1) return verdict(only);
  const codes = results
    .filter(isValid)
    .flatMap(({ findings }) => [...new Set(findings.map(({ code }) => code))]);
  const counts: ReadonlyArray<readonly [string, number]> = [
    ['VALID', results.filter(isValid).length],
    ['INVALID', results.filter((result) => !isValid(result)).length],
    ...[...Map.groupBy(codes, shout)].map(([code, each]) => [code, each.length] as const),
    ['PARTIAL', results.filter(isPartial).length],
  ];
  const told = counts.filter(([, count]) => count > 0);
  const total = plural(results.length, 'result');
  const [first] = told;
  if (first !== undefined && told.length === 1) return `${first[0]}: ${total}`;
  return `${told.map(([word, count]) => `${count} ${word}`).join(', ')} of ${total}`;
}

/** How grave it is, for a colour: `warning` for a valid run that is partial, has findings or missed a threshold. */
export function verdictSeverity(result: RunResult): 'good' | 'warning' | 'bad' {
  if (!isValid(result)) return 'bad';
  const missed = result.thresholds.some(({ passed }) => passed !== true);
  return isPartial(result) || result.findings.length > 0 || missed ? 'warning' : 'good';
}
