import type { Fault } from './finding-kinds.ts';
import { FINDINGS, type Finding } from './findings.ts';

/** Whose fault a finding is. */
export function faultOf({ code }: Pick<Finding, 'code'>): Fault {
  return FINDINGS[code].fault;
}

/**
 * What to do about findings, each remedy once. Where other programs were in the way of the generator, more generator
 * processes would not help.
 */
export function remediesOf(findings: readonly Finding[]): string[] {
  const isBusy = findings.some(({ code }) => code === 'machine_busy');
  const own = findings.filter((finding) => !(isBusy && faultOf(finding) === 'generator'));
  return [...new Set(own.map(({ code }) => FINDINGS[code].remedy).filter((remedy) => remedy !== ''))];
}
