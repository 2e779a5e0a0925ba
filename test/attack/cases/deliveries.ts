import type { AttackCase } from '../attack.ts';

/** Deliveries that were never sent, damaged payloads, and text that looks like stamps. */
export const deliveries: readonly AttackCase[] = [];
