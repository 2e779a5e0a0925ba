import type { AttackCase } from '../attack.ts';

/** Hostile result files and probe lines. */
export const files: readonly AttackCase[] = [];
