import type { AttackCase } from '../attack.ts';

/** Signals in every phase, waits and their limits. */
export const signals: readonly AttackCase[] = [];
