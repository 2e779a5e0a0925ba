import type { AttackCase } from '../attack.ts';

/** Addresses, names and text that come from outside. */
export const foreignText: readonly AttackCase[] = [];
