import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { list } from '../text.ts';
import { MAX_SHARDS, parseShard, type Shard } from './shard.ts';

/** The environment variables by which a scheduler numbers the parts of a job. */
export interface SchedulerVariables {
  readonly scheduler: string;
  /** Null where the scheduler sets none. */
  readonly index: string | null;
  /** The index of the first part: a number, or the variable that has it. */
  readonly first: number | string;
  /** The variable with the index of the last part; null where the scheduler sets none. */
  readonly last: string | null;
  /** The variable with the difference of adjacent indexes; null where they differ by 1. */
  readonly step: string | null;
  /** Null where the scheduler sets none. */
  readonly count: string | null;
  /** What a user has to know, in Markdown. */
  readonly remark: string;
}

/** The schedulers that `--shard` knows, in the order of docs/shards.md, which has them as a table. */
export const SCHEDULERS: readonly SchedulerVariables[] = [
  {
    scheduler: 'Kubernetes Indexed Job',
    index: 'JOB_COMPLETION_INDEX',
    first: 0,
    last: null,
    step: null,
    count: null,
    remark: 'Write `--shard env/4`, where 4 is `completions`.',
  },
  {
    scheduler: 'GitHub Actions matrix',
    index: null,
    first: 1,
    last: null,
    step: null,
    count: null,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub.
    remark: 'Write `--shard ${{ matrix.shard }}/4` with the matrix `shard: [1, 2, 3, 4]`.',
  },
  {
    scheduler: 'GitLab parallel',
    index: 'CI_NODE_INDEX',
    first: 1,
    last: null,
    step: null,
    count: 'CI_NODE_TOTAL',
    remark: 'A job without `parallel` has no index.',
  },
  {
    scheduler: 'Slurm array',
    index: 'SLURM_ARRAY_TASK_ID',
    first: 'SLURM_ARRAY_TASK_MIN',
    last: 'SLURM_ARRAY_TASK_MAX',
    step: 'SLURM_ARRAY_TASK_STEP',
    count: 'SLURM_ARRAY_TASK_COUNT',
    remark: 'The array is a range: `--array=1-4`, `--array=0-3` or `--array=10-40:10`.',
  },
  {
    scheduler: 'AWS Batch array job',
    index: 'AWS_BATCH_JOB_ARRAY_INDEX',
    first: 0,
    last: null,
    step: null,
    count: 'AWS_BATCH_JOB_ARRAY_SIZE',
    remark: 'AWS allows a size of 2 to 10,000; a run has at most 1,000 shards.',
  },
];

/** The variables that have the index of a shard, in the order of the table. */
export const INDEX_VARIABLES: readonly string[] = SCHEDULERS.flatMap(({ index }) => index ?? []);

/**
 * Reads a shard as `--shard` gives it, or from the variables of a scheduler:
 *
 *     shard = index "/" count | "env" [ "/" count ]
 *
 * `env` takes both numbers from the environment, `env/4` only the index. Throws BAD_SHARD with the variables and their
 * values.
 */
export function shardFromEnvironment(text: string, env: NodeJS.ProcessEnv): Shard {
  const [matched, given] = /^env(?:\/(\d{1,6}))?$/.exec(text.trim()) ?? [];
  if (matched === undefined) return parseShard(text);
  const variables = schedulerOf(env);
  const count = countOf(variables, given, env);
  const first = typeof variables.first === 'number' ? variables.first : readNumber(variables.first, env);
  const step = isSet(variables.step, env) ? readNumber(variables.step, env) : 1;
  const last = first + (count - 1) * step;
  const position = (readNumber(variables.index, env) - first) / step + 1;
  // Where the array has gaps, no task of it takes part: each would wait for shards that do not exist.
  const hasGaps = isSet(variables.last, env) && readNumber(variables.last, env) !== last;
  if (hasGaps || !Number.isInteger(position) || position < 1 || position > count) {
    const read = [variables.index, variables.first, variables.last, variables.step, variables.count];
    const settings = read.filter((name) => isSet(name, env)).map((name) => setting(name, env));
    const steps = step === 1 ? '' : ` in steps of ${step}`;
    fail(
      'BAD_SHARD',
      `${list(settings)}: ${count} shards have the indexes ${first} to ${last}${steps}`,
      variables.last === null
        ? 'Give as many shards as the job has parts.'
        : 'Submit a range of tasks: --array=1-4.',
    );
  }
  return { index: position, count };
}

type IndexVariables = SchedulerVariables & { readonly index: string };

/** The one scheduler whose index is set. */
function schedulerOf(env: NodeJS.ProcessEnv): IndexVariables {
  const known = SCHEDULERS.filter((each): each is IndexVariables => each.index !== null);
  const found = known.filter(({ index }) => isSet(index, env));
  const [only] = found;
  if (only === undefined) {
    const names = known.map(({ index, scheduler }) => `${index} (${scheduler})`);
    return fail('BAD_SHARD', `--shard env found none of ${list(names)}`, 'Write --shard 2/4 instead.');
  }
  if (found.length > 1) {
    const settings = found.map(({ index, scheduler }) => `${setting(index, env)} (${scheduler})`);
    fail(
      'BAD_SHARD',
      `--shard env found several schedulers: ${list(settings)}`,
      'Write --shard 2/4 instead.',
    );
  }
  return only;
}

/** The number of shards, by the scheduler or as given after `env/`. */
function countOf(
  { index, count }: IndexVariables,
  given: string | undefined,
  env: NodeJS.ProcessEnv,
): number {
  const [own, source] = isSet(count, env)
    ? [readNumber(count, env), setting(count, env)]
    : [Number(given), `--shard env/${given}`];
  if (given === undefined && !isSet(count, env)) {
    const missing = count === null ? 'its scheduler sets no count' : `${count} is not set`;
    fail('BAD_SHARD', `${setting(index, env)}, but ${missing}`, 'Write --shard env/4 for four shards.');
  }
  if (given !== undefined && Number(given) !== own) {
    fail('BAD_SHARD', `--shard env/${given} contradicts ${source}`, 'Write --shard env.');
  }
  if (own < 1 || own > MAX_SHARDS) {
    fail('BAD_SHARD', `${source}: the number of shards is 1 to ${MAX_SHARDS}`);
  }
  return own;
}

/** Whether a variable has a value. Schedulers set some to the empty text where they do not apply. */
function isSet(name: string | number | null, env: NodeJS.ProcessEnv): name is string {
  return typeof name === 'string' && (env[name] ?? '') !== '';
}

function setting(name: string, env: NodeJS.ProcessEnv): string {
  return `${name}=${foreign(env[name] ?? '')}`;
}

function readNumber(name: string, env: NodeJS.ProcessEnv): number {
  if (!isSet(name, env)) fail('BAD_SHARD', `--shard env: ${name} is not set`, 'Write --shard 2/4 instead.');
  const value = env[name] ?? '';
  if (!/^\d{1,9}$/.test(value))
    fail('BAD_SHARD', `${setting(name, env)} is not a whole number`, 'Write --shard 2/4 instead.');
  return Number(value);
}
