import { everyClient, type Layout } from '../contract/scenario.ts';
import { arrivalsNs } from './arrivals.ts';
import type { Plan } from './plan.ts';
import { populationsOfClients } from './population-plan.ts';
import { type Profile, profileMessages } from './profile.ts';

/** What a schedule depends on. */
export type ScheduledPlan = Pick<Plan, 'populations' | 'clients' | 'seed' | 'arrival'>;

/** The messages of some streams, which take turns: the k-th one belongs to stream k modulo their number. */
export interface StreamSchedule {
  /** Numbers of streams of the layout. */
  readonly streams: readonly number[];
  /** The share of it in the messages of the run. */
  readonly share: number;
  readonly seed: number;
  /** How many messages, below 1, its first one of constant arrivals comes after the start. */
  readonly phase: number;
}

/** Schedules of populations are drawn independently of one another. */
const SEED_STEP = 1_000_003;

/**
 * The schedules of a run: one for each population that has a rate, otherwise one for all streams. Constant arrivals of
 * several populations begin one after the other, so that equal rates do not send at the same time.
 */
export function schedulesOf(plan: ScheduledPlan, { streams }: Layout): StreamSchedule[] {
  const all = everyClient(streams.length);
  const rated = plan.populations.filter(({ rateShare }) => rateShare !== null);
  if (rated.length === 0) return [{ streams: all, share: 1, seed: plan.seed, phase: 0 }];
  const populationOf = populationsOfClients(plan);
  return plan.populations.flatMap(({ rateShare: share }, index) => {
    if (share === null) return [];
    const own = all.filter((stream) => populationOf[streams[stream]?.sender ?? -1] === index);
    const phase =
      plan.populations.slice(0, index).filter((each) => each.rateShare !== null).length / rated.length;
    return [{ streams: own, share, seed: plan.seed + index * SEED_STEP, phase }];
  });
}

/** The part of a profile that a schedule has. */
function profileOf(profile: Profile, { share }: StreamSchedule): Profile {
  return profile.map(({ durationMs, fromHz, toHz }) => {
    return { durationMs, fromHz: fromHz * share, toHz: toHz * share };
  });
}

/** An arrival of the schedule of a run. */
interface ScheduledArrival {
  /** Its stream is this modulo the number of streams, and its number in that stream how often they fit in. */
  readonly index: number;
  readonly offsetNs: number;
}

/**
 * Yields the arrivals of those streams that are `isOwn`, in the order of time. The schedule of the whole run is a function
 * of the plan, so that each process finds its own part of it.
 */
export function* arrivalsOf(
  plan: ScheduledPlan,
  layout: Layout,
  profile: Profile,
  isOwn: readonly boolean[],
): Generator<ScheduledArrival, void> {
  const heads = schedulesOf(plan, layout)
    .filter(({ streams }) => streams.some((stream) => isOwn[stream] === true))
    .map((schedule) => {
      const { seed, phase } = schedule;
      const offsetsNs = arrivalsNs(profileOf(profile, schedule), plan.arrival, seed, phase);
      const arrivals = arrivalsOfStreams(offsetsNs, schedule.streams, isOwn);
      return { arrivals, next: arrivals.next() };
    });
  for (;;) {
    let [first] = heads;
    for (const head of heads) if (offsetOf(head.next) < offsetOf(first?.next)) first = head;
    if (first === undefined || first.next.done === true) return;
    yield first.next.value;
    first.next = first.arrivals.next();
  }
}

function offsetOf(next: IteratorResult<ScheduledArrival, void> | undefined): number {
  return next === undefined || next.done === true ? Number.POSITIVE_INFINITY : next.value.offsetNs;
}

/** The arrivals of a schedule whose streams take turns, of those that are `isOwn`. All streams of the run have an entry there. */
export function* arrivalsOfStreams(
  offsetsNs: Iterable<number>,
  streams: readonly number[],
  isOwn: readonly boolean[],
): Generator<ScheduledArrival, void> {
  let turn = 0;
  for (const offsetNs of offsetsNs) {
    const stream = streams[turn % streams.length] ?? 0;
    if (isOwn[stream] === true)
      yield { index: Math.floor(turn / streams.length) * isOwn.length + stream, offsetNs };
    turn += 1;
  }
}

/** How many messages of constant arrivals each stream has, which is about the number of random ones. */
export function messagesOfStreams(
  plan: ScheduledPlan & Pick<Plan, 'profile'>,
  layout: Layout,
): readonly number[] {
  const counts = layout.streams.map(() => 0);
  for (const schedule of schedulesOf(plan, layout)) {
    const messages = profileMessages(profileOf(plan.profile, schedule), schedule.phase);
    for (const [turn, stream] of schedule.streams.entries())
      counts[stream] = Math.max(0, Math.ceil((messages - turn) / schedule.streams.length));
  }
  return counts;
}
