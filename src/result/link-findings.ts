import { type FindingKind, invalid, note } from './finding-kinds.ts';

/** The findings of runs over the links of --network. */
export const LINK_FINDINGS = {
  relay_died: invalid(
    'generator',
    'The relay of --network ended during the run.',
    'reduce the load (--clients, --rate), or free memory',
  ),
  relay_late: invalid(
    'generator',
    'The relay of --network held bytes longer than configured by too much of the reported latency.',
    'use a machine with more CPUs, or reduce the load (--rate, --clients)',
  ),
  relay_noticeable: note('generator', 'The relay of --network added much to the latency without links.'),
  link_cuts: note('none', 'Links of --network ended connections, as they were asked to.'),
} as const satisfies Readonly<Record<string, FindingKind>>;
