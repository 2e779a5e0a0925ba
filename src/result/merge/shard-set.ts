import { fail } from '../../errors.ts';
import { foreign } from '../../foreign.ts';
import { shardText, sharedPlan } from '../../plan/shard.ts';
import { list, plural } from '../../text.ts';
import type { RunResult } from '../run-result.ts';
import { placeText } from '../stored-json.ts';
import type { StoredShard } from '../stored-shard.ts';

/** The result of one shard. */
export type ShardResult = RunResult & { readonly shard: StoredShard };

const SHARD_HINT = "Give the results of all shards of one run, as 'sockbench run --shard' wrote them.";

/** How many missing shards an error names. */
const MAX_MISSING = 10;

/** The files of one merge: it accepts each shard of one run once. */
export class ShardSet {
  readonly #paths = new Map<number, string>();
  #first: { readonly path: string; readonly result: ShardResult } | null = null;

  /**
   * Accepts the result in a file. Throws NOT_A_SHARD, ALREADY_MERGED, OTHER_RUN, PLANS_DIFFER or SHARD_TWICE, each with
   * a message that names the file.
   */
  accept(path: string, result: RunResult): ShardResult {
    const shard = requireShard(path, result);
    const accepted: ShardResult = { ...result, shard };
    const first = this.#first;
    if (first === null) this.#first = { path, result: keptOf(accepted) };
    else requireSameRun(first, { path, result: accepted });
    const before = this.#paths.get(shard.index);
    if (before !== undefined) {
      fail(
        'SHARD_TWICE',
        before === path
          ? `${path} was given twice`
          : `${path} is shard ${shardText(shard)}, and so is ${before}`,
        'Give each shard once.',
      );
    }
    this.#paths.set(shard.index, path);
    return accepted;
  }

  /** Throws NO_SHARDS without a file, and SHARDS_MISSING when some shard was not given. */
  requireComplete(): void {
    const { count } =
      this.#first?.result.shard ?? fail('NO_SHARDS', 'no results of shards were given', SHARD_HINT);
    const missing: number[] = [];
    for (let index = 1; index <= count; index++) if (!this.#paths.has(index)) missing.push(index);
    if (missing.length === 0) return;
    const named = missing.slice(0, MAX_MISSING).map((index) => shardText({ index, count }));
    if (missing.length > named.length) named.push(`${missing.length - named.length} more`);
    const given = `${plural(this.#paths.size, 'shard')} of ${count} given`;
    fail(
      'SHARDS_MISSING',
      `${missing.length === 1 ? 'shard' : 'shards'} ${list(named)} ${missing.length === 1 ? 'is' : 'are'} missing: ${given}`,
      'Every client is in exactly one shard, so a merge needs all of them.',
    );
  }
}

/** What is compared with the others; the rest need not stay in memory. */
function keptOf(result: ShardResult): ShardResult {
  const shard = { ...result.shard, accounts: [], broadcasts: null };
  return { ...result, shard, series: {}, intervals: [], telemetry: { servers: [], workers: [] } };
}

function requireShard(path: string, { shard, shards }: RunResult): StoredShard {
  if (shards !== null) {
    return fail('ALREADY_MERGED', `${path} is the result of a merge already`, SHARD_HINT);
  }
  return (
    shard ?? fail('NOT_A_SHARD', `${path} is the result of a whole run, not that of a shard`, SHARD_HINT)
  );
}

interface ShardFile {
  readonly path: string;
  readonly result: ShardResult;
}

function requireSameRun(first: ShardFile, { path, result }: ShardFile): void {
  const [a, b] = [first.result.shard, result.shard];
  if (a.count !== b.count) {
    fail(
      'OTHER_RUN',
      `${path} is shard ${shardText(b)}, but ${first.path} is shard ${shardText(a)}: the numbers of shards differ`,
      SHARD_HINT,
    );
  }
  const difference = firstDifference(sharedPlan(first.result.plan), sharedPlan(result.plan), []);
  if (difference !== null) {
    const { place, one, other } = difference;
    fail(
      'PLANS_DIFFER',
      `${path} has another plan than ${first.path}: ${placeText(place)} is ${planValueText(other)} instead of ${planValueText(one)}`,
      'All shards of a run need the same options.',
    );
  }
  const [one, other] = [first.result.receiving.clock, result.receiving.clock];
  if (one !== other) {
    fail(
      'RECEIVE_CLOCKS_DIFFER',
      `the receive times of ${path} are those of the ${other}, but those of ${first.path} are those of the ${one}`,
      'Run all shards with --sockets kernel, or all with --sockets node.',
    );
  }
  if (a.meeting !== b.meeting) {
    fail(
      'OTHER_RUN',
      `${path} is not of the same run as ${first.path}: its meeting is ${planValueText(b.meeting)} instead of ${planValueText(a.meeting)}`,
      SHARD_HINT,
    );
  }
}

interface PlanDifference {
  readonly place: readonly PropertyKey[];
  readonly one: unknown;
  readonly other: unknown;
}

/** The first value in which two documents differ; null when they are equal. */
function firstDifference(one: unknown, other: unknown, place: readonly PropertyKey[]): PlanDifference | null {
  if (Object.is(one, other)) return null;
  if (!isNested(one) || !isNested(other) || Array.isArray(one) !== Array.isArray(other)) {
    return { place, one, other };
  }
  const isList = Array.isArray(one);
  for (const key of Object.keys({ ...one, ...other })) {
    const within = firstDifference(one[key], other[key], [...place, isList ? Number(key) : key]);
    if (within !== null) return within;
  }
  return null;
}

function isNested(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function planValueText(value: unknown): string {
  return value === undefined ? 'missing' : foreign(JSON.stringify(value), 80);
}
