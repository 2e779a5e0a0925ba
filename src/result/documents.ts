import type { z } from 'zod';
import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { type Capacity, capacitySchema } from './capacity.ts';
import { type Comparison, comparisonSchema } from './comparison.ts';
import { inconsistency, type PlacedResult } from './consistency.ts';
import { type Repeated, repeatedSchema } from './repeated.ts';
import { type RunResult, runResultSchema, SCHEMA_VERSION } from './run-result.ts';
import { placeText, readStoredJson } from './stored-json.ts';
import { type Trend, trendSchema } from './trend.ts';

/** Everything that sockbench stores, by the name of its kind. */
export interface Documents {
  readonly run: RunResult;
  readonly comparison: Comparison;
  readonly repeated: Repeated;
  readonly capacity: Capacity;
  readonly trend: Trend;
}

type DocumentName = keyof Documents;

/** A document that was read, with the path that errors name it by. */
export type StoredDocument = {
  readonly [Name in DocumentName]: {
    readonly kind: Name;
    readonly path: string;
    readonly document: Documents[Name];
  };
}[DocumentName];

/** The kinds of documents. A run has no `kind` field; the others have their name in it. */
const DOCUMENTS: {
  readonly [Name in DocumentName]: {
    /** `PATH is not NOUN`. */
    readonly noun: string;
    readonly hint: string;
    readonly schema: z.ZodType<Documents[Name]>;
    /** The results of single runs in it. */
    readonly results: (document: Documents[Name]) => readonly PlacedResult[];
  };
} = {
  run: {
    noun: 'a sockbench result',
    hint: 'Give a result.json that sockbench wrote.',
    schema: runResultSchema,
    results: (result) => [{ place: [], result }],
  },
  comparison: {
    noun: 'a sockbench comparison',
    hint: 'Give the rounds.json of a compare or gate, or the result.json of a run.',
    schema: comparisonSchema,
    results: ({ rounds }) =>
      rounds.flatMap(({ runs }, round) =>
        runs.map(({ result }, run) => ({ place: ['rounds', round, 'runs', run, 'result'], result })),
      ),
  },
  repeated: {
    noun: 'a sockbench repeated run',
    hint: 'Give a file that sockbench run --repeat wrote.',
    schema: repeatedSchema,
    results: ({ starts }) =>
      starts.map(({ result }, start) => ({ place: ['starts', start, 'result'], result })),
  },
  capacity: {
    noun: 'a sockbench capacity search',
    hint: 'Give a file that sockbench capacity wrote.',
    schema: capacitySchema,
    results: ({ steps }) => steps.map(({ result }, step) => ({ place: ['steps', step, 'result'], result })),
  },
  trend: {
    noun: 'a sockbench trend',
    hint: 'Give a trend.json that sockbench trend wrote.',
    schema: trendSchema,
    results: () => [],
  },
};

const DOCUMENT_NAMES = Object.keys(DOCUMENTS) as readonly DocumentName[];

const ANY_HINT =
  'Give a file that sockbench wrote: the result of a run, a repeated run, a rounds.json, a capacity search or a trend.';

function refuse(path: string, problem: string, hint: string): never {
  return fail('BAD_RESULT', `${path} ${problem}`, hint);
}

/** The JSON in a file; throws BAD_RESULT when it is missing, not JSON, or larger than any document. */
function readJson(path: string, hint: string): Promise<unknown> {
  return readStoredJson(path, (problem) => refuse(path, problem, hint));
}

/** Reads a document of any kind; throws BAD_RESULT when it is none, of another version, or inconsistent. */
export async function readDocument(path: string): Promise<StoredDocument> {
  const stored = await readJson(path, ANY_HINT);
  const kind = kindOf(path, stored);
  return { kind, path, document: parseAs(kind, path, stored) } as StoredDocument;
}

function kindOf(path: string, stored: unknown): DocumentName {
  if (typeof stored !== 'object' || stored === null || !('kind' in stored)) return 'run';
  const { kind } = stored;
  const known = DOCUMENT_NAMES.find((name) => name !== 'run' && name === kind);
  const given = typeof kind === 'string' ? `"${foreign(kind, 60)}"` : `of type ${typeof kind}`;
  return known ?? refuse(path, `is of an unknown kind: ${given}`, ANY_HINT);
}

/** Reads a document of one kind; throws as {@link readDocument} does. */
export async function readAs<Name extends DocumentName>(kind: Name, path: string): Promise<Documents[Name]> {
  return parseAs(kind, path, await readJson(path, DOCUMENTS[kind].hint));
}

/** Checks what was read at `path` as a document of one kind; throws as {@link readDocument} does. */
export function parseAs<Name extends DocumentName>(
  kind: Name,
  path: string,
  stored: unknown,
): Documents[Name] {
  const { noun, hint, schema, results } = DOCUMENTS[kind];
  requireVersion(path, stored);
  requireKind(kind, path, stored);
  const parsed = schema.safeParse(stored);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const place = placeText(issue?.path ?? []) || 'the file';
    return refuse(path, `is not ${noun}: ${place}: ${foreign(issue?.message ?? '')}`, hint);
  }
  const fault = inconsistency(results(parsed.data));
  if (fault !== null) refuse(path, `is inconsistent: ${fault}`, `${hint} It must not be edited.`);
  return parsed.data;
}

/** A document that says that it is of another kind is named so. */
function requireKind(kind: DocumentName, path: string, stored: unknown): void {
  const given = (stored as { kind?: unknown } | null)?.kind;
  const other = DOCUMENT_NAMES.find((name) => name !== 'run' && name === given);
  if (other === undefined || other === kind) return;
  const { noun, hint } = DOCUMENTS[kind];
  refuse(path, `is ${DOCUMENTS[other].noun}, not ${noun}`, hint);
}

function requireVersion(path: string, stored: unknown): void {
  const version = (stored as { schemaVersion?: unknown } | null)?.schemaVersion;
  if (typeof version !== 'number' || version === SCHEMA_VERSION) return;
  refuse(
    path,
    `has schemaVersion ${version}; this sockbench reads ${SCHEMA_VERSION}`,
    version < SCHEMA_VERSION
      ? 'Measure again, or read it with the sockbench that wrote it.'
      : 'Use the sockbench that wrote it, or a newer one.',
  );
}

/**
 * Runs that stand for a base that is not measured again: the valid runs of the last arm of a rounds.json (the head of a
 * gate) in the order of rounds, or the one run of a result.json. They hold for the machine and the load that they were
 * measured with only; fingerprint.ts compares those. Throws BAD_RESULT as {@link readDocument} does, and BAD_BASELINE
 * without a valid run.
 */
export async function readBaseline(path: string): Promise<RunResult[]> {
  const { hint } = DOCUMENTS.comparison;
  const stored = await readJson(path, hint);
  if (kindOf(path, stored) === 'run') {
    const result = parseAs('run', path, stored);
    const [reason] = result.invalid;
    if (result.shard !== null) {
      refuseBaseline(path, `is one of ${result.shard.count} shards; sockbench merge puts them together`);
    }
    return reason === undefined ? [result] : refuseBaseline(path, `holds an invalid run: ${reason.message}`);
  }
  const { design, rounds } = parseAs('comparison', path, stored);
  const last = design.arms.length - 1;
  const valid = rounds
    .flatMap(({ runs }) => runs)
    .filter(({ arm }) => arm === last)
    .map(({ result }) => result)
    .filter((result) => result !== null)
    .filter(({ invalid }) => invalid.length === 0);
  const name = design.arms[last]?.name ?? '';
  return valid.length > 0 ? valid : refuseBaseline(path, `has no valid run of its last arm, ${name}`);
}

function refuseBaseline(path: string, problem: string): never {
  return fail('BAD_BASELINE', `${path} ${problem}`, 'Measure the base again, on a quiet machine.');
}
