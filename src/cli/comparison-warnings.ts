import { fail } from '../errors.ts';
import { SETTING_NAMES } from '../plan/settings.ts';
import type { Design } from '../result/comparison.ts';
import { differences, loadFingerprint } from '../result/fingerprint.ts';
import type { Finding } from '../result/run-result.ts';
import { roundsForRanking, roundsForVerdict } from '../stats/correction.ts';
import { roundsForEffects } from '../stats/effects.ts';
import { plural } from '../text.ts';

type ArmOfDesign = Design['arms'][number];

/** The fields in which arms may differ. Any other difference makes their loads different. */
const COMPARED = new Set(['transport', 'driver', 'protocol', 'namespace', ...SETTING_NAMES]);

/** Notes arms under different loads, which must not be mistaken for one server slower than another. */
export function differentLoads([base, ...heads]: ReadonlyArray<
  Pick<ArmOfDesign, 'name' | 'plan'>
>): Finding[] {
  if (base === undefined) return [];
  return heads.flatMap(({ name, plan }) => {
    const shown = differences(loadFingerprint(base.plan), loadFingerprint(plan))
      .filter(({ field }) => !COMPARED.has(field))
      .map(({ field, baseline, now }) => `${field} ${baseline} vs ${now}`);
    if (shown.length === 0) return [];
    const message = `${base.name} and ${name} run under different loads: ${shown.join(', ')}`;
    return [{ code: 'loads_differ', message }];
  });
}

/** With too few rounds no verdict is possible: a gate is refused, compare still shows its figures. */
export function tooFewRounds(design: Design): string[] {
  const rounds = design.looks.at(-1)?.rounds ?? 0;
  const needed = roundsForVerdict(design);
  if (rounds >= needed) return [];
  const deciding = design.rules.filter(({ gating, kind }) => gating && kind === 'ratio').length;
  const message = `${rounds} rounds are too few for a verdict on ${plural(deciding, 'metric')}; the minimum is ${needed}`;
  if (design.command === 'compare') return [message];
  return fail(
    'TOO_FEW_ROUNDS',
    `--rounds: ${message}`,
    `Give --rounds ${needed} or more, or fewer gating metrics with --metric.`,
  );
}

/** Three or more arms are ranked, which takes more rounds than a verdict on each. */
export function tooFewToRank(design: Design): string[] {
  const rounds = design.looks.at(-1)?.rounds ?? 0;
  const needed = roundsForRanking(design);
  const isRanked = design.rules.some(({ gating, kind }) => gating && kind === 'ratio');
  if (design.arms.length < 3 || design.factors.length > 1 || !isRanked || rounds >= needed) return [];
  return [
    `${rounds} rounds are too few for a significant ranking of ${design.arms.length} arms; the minimum is ${needed}. Arms are sorted by their estimates`,
  ];
}

/** Effects of two factors or more are estimated with intervals, which takes more rounds than an estimate. */
export function tooFewForEffects({ looks, factors }: Design): string[] {
  const rounds = looks.at(-1)?.rounds ?? 0;
  const needed = roundsForEffects(factors);
  if (rounds >= needed) return [];
  return [`${rounds} rounds are too few for intervals of the effects; the minimum is ${needed}`];
}
