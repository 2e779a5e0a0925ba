import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { fail, messageOf } from '../errors.ts';
import { problemOfFile } from './user-file.ts';

/** A larger file of values is refused. */
export const MAX_CSV_BYTES = 64 * 1024 ** 2;

/** How the rows of a CSV file become values. */
export interface CsvOptions {
  /** Names of the columns, in their order; columns beyond them are left out. */
  readonly fields: readonly string[];
  readonly delimiter?: string;
  /** Whether the first row holds names and no values. */
  readonly skipHeader?: boolean;
  /** Whether numbers are read as such; true by default. */
  readonly cast?: boolean;
}

/**
 * Reads a CSV file of at most 64 MiB for a scenario: one object per row, in their order. Throws BAD_CSV_FILE for a file
 * that cannot be read or has no rows.
 */
export function csvRows(path: string, options: CsvOptions): ReadonlyArray<Readonly<Record<string, unknown>>> {
  const { fields, delimiter = ',', skipHeader = false, cast = true } = options;
  const hint = 'Give a CSV file with one row for each user.';
  const problem = problemOfFile(path, MAX_CSV_BYTES);
  if (problem !== null) fail('BAD_CSV_FILE', `${path} ${problem}`, hint);
  let rows: readonly unknown[][];
  try {
    rows = parse(readFileSync(path, 'utf8'), {
      skip_empty_lines: true,
      relax_column_count: true,
      bom: true,
      cast,
      delimiter,
      from_line: skipHeader ? 2 : 1,
    });
  } catch (error) {
    return fail('BAD_CSV_FILE', `${path} could not be read: ${messageOf(error)}`, hint);
  }
  if (rows.length === 0) fail('BAD_CSV_FILE', `${path} has no rows`, hint);
  return rows.map((row) => Object.fromEntries(fields.map((field, column) => [field, row[column]])));
}
