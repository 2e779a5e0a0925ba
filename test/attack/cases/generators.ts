import type { AttackCase } from '../attack.ts';

/** Generators and coordinators that are held up, stopped or starved. */
export const generators: readonly AttackCase[] = [];
