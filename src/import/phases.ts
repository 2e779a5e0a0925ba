import { durationMs } from './durations.ts';
import type { Notes } from './notes.ts';
import { entriesOf, entryOfNode, itemsOf, type ScriptNode, textOfNode } from './yaml.ts';

/** What the phases of a script become. */
export interface Arrivals {
  readonly rate: string;
  readonly isPoisson: boolean;
  readonly maxUsers: number | null;
}

const PHASE_KEYS = [
  'duration',
  'arrivalRate',
  'rampTo',
  'arrivalCount',
  'pause',
  'maxVusers',
  'name',
  'mode',
];

/** Without phases, Artillery runs one user. */
const ONE_USER: Arrivals = { rate: '1s@1/s', isPoisson: false, maxUsers: null };

/** Turns phases into a profile of `--rate`, whose constant arrivals have the number of users of Artillery. */
export function readPhases(
  node: ScriptNode | undefined,
  config: ScriptNode | undefined,
  notes: Notes,
): Arrivals {
  const phases = itemsOf(node);
  if (phases.length === 0) return ONE_USER;
  const stages = phases.flatMap((phase) => stageOf(phase, notes) ?? []);
  // Nothing happens in a pause at the end.
  while (stages.at(-1)?.endsWith('@0/s') === true) stages.pop();
  const rate = stages.join(',');
  return {
    rate: stages.length === 0 ? ONE_USER.rate : rate,
    isPoisson: readMode(phases, config, notes),
    maxUsers: readMaxUsers(phases, notes),
  };
}

/** `30s@1..10/s`; null for a phase without users, or one that is left out. */
function stageOf(phase: ScriptNode, notes: Notes): string | null {
  for (const [key, value] of entriesOf(phase)) {
    if (!PHASE_KEYS.includes(key))
      notes.add('ignored', 'scenario', value, `phase: Artillery does not read ${key}`);
  }
  const [pauseMs, lengthMs] = [timeOf(phase, 'pause'), timeOf(phase, 'duration')];
  const [count, hz, toHz] = ['arrivalCount', 'arrivalRate', 'rampTo'].map((key) =>
    numberOf(entryOfNode(phase, key)),
  );
  if (pauseMs !== undefined && pauseMs > 0) return `${pauseMs / 1000}s@0/s`;
  if (lengthMs === undefined || !(lengthMs > 0)) return leavePhase(phase, notes, 'it has no valid duration');
  const length = `${shortNumber(lengthMs / 1000)}s`;
  if (count !== undefined) return `${length}@${shortNumber((count * 1000) / lengthMs)}/s`;
  if (toHz !== undefined) return `${length}@${shortNumber(hz ?? 0)}..${shortNumber(toHz)}/s`;
  if (hz !== undefined) return `${length}@${shortNumber(hz)}/s`;
  return leavePhase(phase, notes, 'it has no arrivalRate, arrivalCount or pause that is a number');
}

function leavePhase(phase: ScriptNode, notes: Notes, why: string): null {
  notes.add('left', 'scenario', phase, `phase: ${why}`);
  return null;
}

function timeOf(phase: ScriptNode, key: string): number | undefined {
  const text = textOfNode(entryOfNode(phase, key));
  return text === undefined ? undefined : (durationMs(text) ?? undefined);
}

function numberOf(node: ScriptNode | undefined): number | undefined {
  const text = textOfNode(node);
  const value = text === undefined || text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
}

/** Rounded down to nine decimals: rounding up could add an arrival at the end of a stage. */
function shortNumber(value: number): string {
  return String(Number((Math.floor(value * 1e9 + 1e-3) / 1e9).toFixed(9)));
}

function readMode(phases: readonly ScriptNode[], config: ScriptNode | undefined, notes: Notes): boolean {
  const general = textOfNode(entryOfNode(config, 'mode'));
  const modes = phases.map((phase) => textOfNode(entryOfNode(phase, 'mode')) ?? general ?? 'uniform');
  const isPoisson = modes.every((mode) => mode === 'poisson');
  if (!isPoisson && modes.includes('poisson')) {
    const phase = phases[modes.indexOf('poisson')];
    if (phase !== undefined)
      notes.add('left', 'scenario', phase, 'phase: mode poisson, which only all phases together may have');
  }
  return isPoisson;
}

function readMaxUsers(phases: readonly ScriptNode[], notes: Notes): number | null {
  const arriving = phases.filter((phase) => entryOfNode(phase, 'pause') === undefined);
  const limits = arriving.map((phase) => numberOf(entryOfNode(phase, 'maxVusers')));
  const [first] = limits;
  if (first !== undefined && limits.every((limit) => limit === first)) {
    const [phase] = arriving;
    const text =
      'maxVusers: an arrival above it is skipped, as in Artillery, and counts as failed; each generator process has the limit to itself';
    if (phase !== undefined) notes.add('differs', 'scenario', entryOfNode(phase, 'maxVusers') ?? phase, text);
    return first;
  }
  for (const phase of arriving) {
    const limit = entryOfNode(phase, 'maxVusers');
    if (limit !== undefined)
      notes.add('left', 'scenario', limit, 'phase: maxVusers, which only all phases together may have');
  }
  return null;
}
