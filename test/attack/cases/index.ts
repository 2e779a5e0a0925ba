import type { AttackCase } from '../attack.ts';
import { calibrations } from './calibrate.ts';
import { checkpointCases } from './checkpoints.ts';
import { deliveries } from './deliveries.ts';
import { disruptionCases } from './disruptions.ts';
import { factorCases } from './factors.ts';
import { files } from './files.ts';
import { foreignText } from './foreign-text.ts';
import { frames } from './frames.ts';
import { generators } from './generators.ts';
import { imports } from './import.ts';
import { leftovers } from './leftovers.ts';
import { merges } from './merge.ts';
import { mistakes } from './mistakes.ts';
import { linkCases } from './network.ts';
import { pageCases } from './pages.ts';
import { populationCases } from './populations.ts';
import { progress } from './progress.ts';
import { rendezvous } from './rendezvous.ts';
import { repeatCases } from './repeat.ts';
import { signals } from './signals.ts';
import { targets } from './targets.ts';
import { waits } from './waits.ts';

/** Every case by its area. */
export const CASES: Readonly<Record<string, readonly AttackCase[]>> = {
  deliveries,
  generators,
  frames,
  'foreign text': foreignText,
  signals,
  waits,
  files,
  merges,
  mistakes,
  factors: factorCases,
  targets,
  progress,
  pages: pageCases,
  leftovers,
  rendezvous,
  calibrations,
  links: linkCases,
  populations: populationCases,
  disruptions: disruptionCases,
  checkpoints: checkpointCases,
  'repeated runs': repeatCases,
  'Artillery scripts': imports,
};
