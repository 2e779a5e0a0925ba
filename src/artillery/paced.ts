import { type PacedArrival, Pacer } from '../generator/pacer.ts';
import { arrivalsNs } from '../plan/arrivals.ts';
import { initialRateHz, type Profile } from '../plan/profile.ts';
import type { FlowPace } from './flow.ts';
import type { ThreadRun } from './thread.ts';

/** Sends a message that is due; `index` is its place in the schedule of all users that share it. */
export type OnDue = (index: number, intendedNs: number, measured: boolean) => void;

/**
 * Carries out a schedule from `startNs`: a warm-up that is not measured, then the profile. `isOwn` selects the arrivals of
 * this thread. Resolves when the schedule is over, or when all is sent if that is later.
 */
export async function carryOutPace(
  thread: ThreadRun,
  pace: FlowPace,
  startNs: number,
  isOwn: (index: number) => boolean,
  onDue: OnDue,
): Promise<void> {
  const { warmupMs, durationMs, profile, arrival } = pace;
  const { clock, timers, plan } = thread.parts;
  if (warmupMs > 0) {
    const rateHz = initialRateHz(profile);
    thread.noteWarmup(startNs);
    const steady = [{ durationMs: warmupMs, fromHz: rateHz, toHz: rateHz }];
    await followSchedule(
      thread,
      { profile: steady, arrival, seed: plan.seed },
      startNs,
      isOwn,
      (index, dueNs) => onDue(index, dueNs, false),
    );
  }
  const fromNs = startNs + warmupMs * 1e6;
  const toNs = fromNs + durationMs * 1e6;
  thread.noteMeasured(fromNs, toNs);
  // Reports end at the borders of a common schedule, so that none holds values of two phases.
  const reportAtBorder = pace.users === 'own' ? () => {} : () => thread.report();
  const waitMs = (untilNs: number) => Math.max(0, (untilNs - clock.nowNs()) / 1e6);
  timers.after(waitMs(fromNs), reportAtBorder);
  await followSchedule(thread, { profile, arrival, seed: plan.seed }, fromNs, isOwn, (index, dueNs) =>
    onDue(index, dueNs, true),
  );
  await timers.sleep(waitMs(toNs));
  reportAtBorder();
}

interface Schedule {
  readonly profile: Profile;
  readonly arrival: FlowPace['arrival'];
  readonly seed: number;
}

/** Sends what is due by one pacer. */
function followSchedule(
  thread: ThreadRun,
  { profile, arrival, seed }: Schedule,
  startNs: number,
  isOwn: (index: number) => boolean,
  onDue: (index: number, intendedNs: number) => void,
): Promise<void> {
  const { clock, window } = thread.parts;
  const noteWork = () => window.worked();
  const pacer = new Pacer({
    clock,
    wait: thread.waits.create(),
    arrivals: ownArrivalsOf(arrivalsNs(profile, arrival, seed), isOwn),
    startNs,
    onDue: (index, intendedNs) => {
      onDue(index, intendedNs);
      // What sending leaves to the end of this callback is sending too.
      process.nextTick(noteWork);
    },
  });
  return pacer.run();
}

function* ownArrivalsOf(
  offsetsNs: Iterable<number>,
  isOwn: (index: number) => boolean,
): Generator<PacedArrival, void> {
  let index = 0;
  for (const offsetNs of offsetsNs) {
    if (isOwn(index)) yield { index, offsetNs };
    index += 1;
  }
}
