import type { AttackCase } from '../attack.ts';

/** Servers that break their protocol. */
export const frames: readonly AttackCase[] = [];
