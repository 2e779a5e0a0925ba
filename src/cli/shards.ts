import { hostname } from 'node:os';
import { option } from '../contract/options.ts';
import { isObserving } from '../contract/scenario.ts';
import { fail } from '../errors.ts';
import { createClock, shardOriginNs } from '../measure/clock.ts';
import { realTimers } from '../measure/timers.ts';
import { PLAN_OPTIONS } from '../plan/options.ts';
import type { PlannedRun } from '../plan/plan.ts';
import { mayBeAway } from '../plan/reconnect.ts';
import { parseRendezvousPlace, parseStartAt, type RendezvousPlace } from '../plan/rendezvous-place.ts';
import { clientsOfShard, crossesShards, type Shard, shardText } from '../plan/shard.ts';
import { INDEX_VARIABLES, shardFromEnvironment } from '../plan/shard-environment.ts';
import { createHost, type RunHost } from '../run/host.ts';
import { createRendezvous } from '../run/rendezvous/create.ts';
import { either, plural } from '../text.ts';
import type { Cli } from './cli.ts';
import { type Flags, readFlags } from './flags.ts';

/** Flags of `run` for one of several machines that share a run. */
export const SHARD_OPTIONS = {
  shard: option(
    'I/N',
    null,
    `carry out the I-th of N equal parts of the run; env takes I and N from the scheduler, env/N only I, which is in ${either(INDEX_VARIABLES)}`,
  ),
  rendezvous: option(
    'PLACE',
    null,
    'where the shards wait for one another: a folder that all of them share, or a URL that the first of them serves',
  ),
  startAt: option('TIME', null, 'when all shards begin, instead of --rendezvous: 2026-03-04T05:06:07Z'),
  rendezvousTimeout: option(
    'TIME',
    '5m',
    'maximum wait for the other shards',
    PLAN_OPTIONS.connectTimeout.parse,
  ),
} as const;

/** A run, and the machine that carries it out. */
export interface HostedRun {
  readonly planned: PlannedRun;
  readonly host: RunHost;
}

/**
 * Prepares one shard of a run as the flags ask for; the whole run without --shard. Throws a SockbenchError for what
 * cannot be shared by several machines.
 */
export async function hostRun(cli: Cli, planned: PlannedRun, flags: Flags): Promise<HostedRun> {
  const { shard: text, rendezvous, startAt, rendezvousTimeout } = readFlags(SHARD_OPTIONS, flags);
  if (text === null) {
    const flag = rendezvous === null ? (startAt === null ? null : '--start-at') : '--rendezvous';
    if (flag !== null) fail('NO_SHARD', `${flag} is for a run in several shards`, 'Give --shard 1/4 too.');
    return { planned, host: createHost() };
  }
  const shard = shardFromEnvironment(text, cli.env);
  requireShared(planned, shard);
  const place = meetingPlace(cli, shard, rendezvous, startAt);
  const originNs = shardOriginNs(process.hrtime.bigint());
  const clock = createClock(originNs);
  const given = { shard, originNs, clock, timers: realTimers, timeoutMs: rendezvousTimeout };
  return {
    // Shards cannot agree on when latency is stable, so the warm-up of each has its maximum length.
    planned: { ...planned, plan: { ...planned.plan, warmupMs: planned.plan.warmupMaxMs } },
    host: {
      ...createHost(originNs),
      shard: {
        shard,
        rendezvous: await createRendezvous({ place, ...given }),
        hostname: hostname(),
        wallMs: Date.now,
      },
    },
  };
}

/** Checks that a run can be shared by several machines. */
function requireShared({ plan, layout, scenario }: PlannedRun, shard: Shard): void {
  const { target, clients, workers } = plan;
  if (target.reference !== null || target.exec !== null) {
    const what = target.exec === null ? `the reference server ${target.name}` : 'the command of --exec';
    fail(
      'SHARD_SERVER',
      `each shard would start ${what} for itself`,
      'Start the server once (sockbench serve starts a reference server), and give --target its URL.',
    );
  }
  if (isObserving(layout)) {
    fail(
      'SHARD_OBSERVES',
      `the clients of ${scenario.name} only listen, and pushes of the server have no numbers by which shards could add them up`,
      'Run it without --shard.',
    );
  }
  if (mayBeAway(plan) && crossesShards(layout, shard.count)) {
    const flag = plan.disruptions.length > 0 ? '--disrupt' : '--reconnect';
    fail(
      'SHARD_ABSENCES',
      `${flag}: messages of ${scenario.name} go to clients of other shards, and no shard knows when those were away`,
      'Run it without --shard, or use a scenario whose clients only get replies, such as ack-roundtrip.',
    );
  }
  const own = clientsOfShard(shard, clients).length;
  if (own >= workers) return;
  const has = `of ${plural(clients, 'client')}, shard ${shardText(shard)} has ${own}`;
  fail(
    'TOO_MANY',
    own === 0 ? `${has}` : `${has}, fewer than --workers ${workers}`,
    'Give more --clients, or fewer shards or --workers.',
  );
}

function meetingPlace(
  { cwd }: Cli,
  shard: Shard,
  rendezvous: string | null,
  startAt: string | null,
): RendezvousPlace {
  if (rendezvous !== null && startAt !== null) {
    fail(
      'BAD_RENDEZVOUS',
      `--start-at ${startAt} contradicts --rendezvous ${rendezvous}, where shards agree on a time`,
      'Give one of the two.',
    );
  }
  if (rendezvous !== null) return parseRendezvousPlace(rendezvous, cwd);
  if (startAt !== null) return { kind: 'start-at', startAtMs: parseStartAt(startAt, Date.now()) };
  return fail(
    'NO_RENDEZVOUS',
    `shard ${shardText(shard)} does not know when the others begin`,
    'Give all of them the same --rendezvous DIR or --rendezvous URL, or the same --start-at TIME.',
  );
}
