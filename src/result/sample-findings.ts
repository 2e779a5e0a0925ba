import { type FindingKind, invalid, note } from './finding-kinds.ts';

const LONGER = 'measure longer (--duration), or increase the rate (--rate)';

/** The findings of how many independent samples a run has. */
export const SAMPLE_FINDINGS = {
  too_few_samples: invalid('server', 'Too few samples were measured for a median.', LONGER),
  correlated_samples: note(
    'none',
    'Successive samples were correlated. Intervals are wider by what that costs.',
    'measure longer (--duration): a higher rate gives samples that are closer, and more correlated',
  ),
} as const satisfies Readonly<Record<string, FindingKind>>;
