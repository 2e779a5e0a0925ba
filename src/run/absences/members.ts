import type { RunResult } from '../../result/run-result.ts';
import type { StoredAbsence } from '../../result/stored-absences.ts';

type StoredMembers = NonNullable<RunResult['members']>;

/** From when on how many clients were connected and in their rooms, up to the next step. */
interface MemberStep {
  readonly fromMs: number;
  readonly count: number;
}

/** How many of `connected` clients were in their rooms in the measured time, and how many left and joined then. */
export function membersIn(
  absences: readonly StoredAbsence[],
  connected: number,
  measureMs: number,
): StoredMembers {
  const steps = memberSteps(absences, connected);
  const within = steps.filter(({ fromMs }) => fromMs < measureMs);
  const counts = within.map(({ count }) => count);
  const isWithin = (ms: number | null) => ms !== null && ms >= 0 && ms < measureMs;
  return {
    mean: meanMembers(steps, measureMs),
    min: counts.reduce((minimum, count) => Math.min(minimum, count), connected),
    max: counts.reduce((most, count) => Math.max(most, count), 0),
    left: absences.filter(({ fromMs }) => isWithin(fromMs)).length,
    joined: absences.filter(({ backMs }) => isWithin(backMs)).length,
  };
}

/** The steps in their order. The first one begins with the measured time, with what happened before. */
function memberSteps(absences: readonly StoredAbsence[], connected: number): MemberStep[] {
  const changes = absences
    .flatMap(({ fromMs, backMs }) => [
      { atMs: Math.max(0, fromMs), by: -1 },
      ...(backMs === null ? [] : [{ atMs: Math.max(0, backMs), by: 1 }]),
    ])
    .sort((a, b) => a.atMs - b.atMs);
  const steps: MemberStep[] = [{ fromMs: 0, count: connected }];
  let count = connected;
  for (const { atMs, by } of changes) {
    count += by;
    if (steps.at(-1)?.fromMs === atMs) steps.pop();
    steps.push({ fromMs: atMs, count });
  }
  return steps;
}

/** The mean number of members in the measured time, each for as long as it was one. */
function meanMembers(steps: readonly MemberStep[], measureMs: number): number {
  if (measureMs <= 0) return steps[0]?.count ?? 0;
  let sum = 0;
  for (const [place, { fromMs, count }] of steps.entries()) {
    const endMs = Math.min(measureMs, steps[place + 1]?.fromMs ?? measureMs);
    sum += Math.max(0, endMs - fromMs) * count;
  }
  return sum / measureMs;
}
