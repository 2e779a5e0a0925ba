import type { AttackCase } from '../attack.ts';

/** What kill -9 leaves. */
export const leftovers: readonly AttackCase[] = [];
