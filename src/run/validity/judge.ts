import { type Finding, faultOf } from '../../result/findings.ts';
import type { RunResult } from '../../result/run-result.ts';
import { viewResult } from '../../result/view.ts';
import { listCounted, plural } from '../../text.ts';
import { formatCount } from '../../units.ts';
import { findOverload } from './overload.ts';
import { judgeValidity, noteUncertainty } from './rules.ts';

const UNSTABLE_WARMUP: Finding = {
  code: 'warmup_unstable',
  message: 'the warm-up did not stabilize: no three consecutive seconds agreed within 5 % on the median',
};

/** Whether other programs or machines took the CPUs of the run: queues then say nothing about the server. */
function isDisturbance({ code }: Finding): boolean {
  return code === 'generator_stalled' || code === 'cpu_steal' || code === 'cpu_throttled';
}

/**
 * Adds to a result why it is invalid, what it found of the server, and its notes. `impossible`: how many values of each
 * series no working clock gives.
 */
export function judgeRun(
  result: RunResult,
  impossible: ReadonlyArray<{ readonly reason: string; readonly count: number }>,
): RunResult {
  const view = viewResult(result);
  const invalid: Finding[] = [
    ...result.invalid,
    ...impossible.map(({ reason: series, count }) => {
      const what = series in result.ownSeries ? 'negative or not numbers' : 'zero or negative';
      return { code: 'clock' as const, message: `${plural(count, 'value')} of ${series} were ${what}` };
    }),
    // Why a run ended early says more than what its figures show of the same.
    ...judgeValidity(view).filter(({ code }) => !result.invalid.some((reason) => reason.code === code)),
  ];
  // When the generator was the limit, queues and losses say nothing about the server.
  const isGeneratorLimit = invalid.some((finding) => faultOf(finding) === 'generator');
  const queue = isGeneratorLimit || invalid.some(isDisturbance) ? null : findOverload(view);
  const isOverloaded = queue?.code === 'server_overloaded';
  const delivery = isGeneratorLimit || isOverloaded ? null : findImperfectDelivery(result.ledger);
  const findings = [...result.findings, queue, delivery];
  if (result.failed.length > 0) findings.push({ code: 'failed', message: listCounted(result.failed) });
  const { corrupted, unexpected } = result.ledger;
  if (corrupted > 0) {
    const message = `${plural(corrupted, 'message')} arrived with another ${result.plan.verify ? 'length or content' : 'length'} than was sent`;
    findings.push({ code: 'corrupted_deliveries', message });
  }
  if (unexpected > 0) {
    const message = `${plural(unexpected, 'unexpected message')}: ${listCounted(result.unexpected)}`;
    findings.push({ code: 'unexpected_deliveries', message });
  }
  const notes = [...result.notes, noteUncertainty(view)];
  if (result.warmup.stable === false) notes.push(UNSTABLE_WARMUP);
  return {
    ...result,
    // An overloaded server delivers too few messages. That is the finding, and the run is valid.
    // A shard has only a part of the samples; a merge has them all.
    invalid:
      isOverloaded || result.shard !== null
        ? invalid.filter(({ code }) => code !== 'too_few_samples')
        : invalid,
    findings: findings.filter((finding) => finding !== null),
    notes: notes.filter((note) => note !== null),
  };
}

function findImperfectDelivery({
  expected,
  lost,
  duplicated,
  reordered,
}: RunResult['ledger']): Finding | null {
  const faults = [
    lost > 0 ? `${formatCount(lost)} of ${formatCount(expected)} messages lost` : '',
    duplicated > 0 ? plural(duplicated, 'duplicate') : '',
    reordered > 0 ? `${formatCount(reordered)} out of order` : '',
  ].filter((fault) => fault !== '');
  return faults.length === 0 ? null : { code: 'imperfect_delivery', message: faults.join(', ') };
}
