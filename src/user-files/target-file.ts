import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parse as parseCsv } from 'csv-parse/sync';
import { fail, messageOf } from '../errors.ts';
import { isPresetName, type PresetName, withPreset } from '../presets/index.ts';
import { plural } from '../text.ts';
import { MAX_CSV_BYTES } from './csv.ts';
import { asAsync } from './named-functions.ts';
import type { TargetDefinition, WrittenTarget } from './target-definition.ts';
import { TARGET_RESULTS, targetSchema } from './target-fields.ts';
import { loadUserFile, problemOfFile } from './user-file.ts';

/** A target with the fields of its preset. */
export interface LoadedTarget extends TargetDefinition {
  readonly preset?: PresetName;
}

/** Loads a target file. Throws BAD_TARGET_FILE for a definition that does not fit. */
export async function loadTargetFile(file: string): Promise<LoadedTarget> {
  const written = (await loadUserFile(
    file,
    'target',
    targetSchema,
    TARGET_RESULTS,
  )) as unknown as WrittenTarget;
  const { protocol, ...fields } = written;
  if (isPresetName(protocol))
    return withRoomNames({ ...withPreset(protocol, fields), protocol: 'ws', preset: protocol });
  return withRoomNames(protocol === undefined ? fields : { ...fields, protocol });
}

/** The name that a target has for a room of a scenario. */
export function roomName({ rooms: nameOf }: Pick<TargetDefinition, 'rooms'>, room: string): string {
  const number = /^room-(\d+)$/.exec(room)?.[1];
  return number === undefined || nameOf === undefined ? room : nameOf(Number(number));
}

/** Gives `join` and `publish` the names of the target for rooms. */
function withRoomNames(definition: LoadedTarget): LoadedTarget {
  const { rooms, join, publish } = definition;
  if (rooms === undefined) return definition;
  const named = (room: string) => roomName(definition, room);
  return {
    ...definition,
    ...(join && { join: asAsync(join, (of) => join({ ...of, rooms: of.rooms.map(named) })) }),
    ...(publish && {
      publish: asAsync(publish, (of) => publish({ ...of, room: of.room === null ? null : named(of.room) })),
    }),
  };
}

/** What reads and writes messages of a target instead of the usual, for reports; null for nothing else. */
export function messageFormatOf({ preset, codec, parser }: LoadedTarget): string | null {
  if (preset !== undefined) return preset;
  if (codec !== undefined) return 'own codec';
  return typeof parser === 'object' ? 'own parser' : null;
}

type ClientFields = Readonly<Record<string, unknown>>;

const CSV_HINT = 'The first line names the columns; every other line is one client.';

/** Returns the values of a client by its number. */
export type ClientValues = (number: number) => ClientFields | Promise<ClientFields>;

/**
 * Returns a function that gives the values of a client by its number. A CSV file is read relative to the target file.
 * Throws BAD_CLIENTS_FILE; the returned function throws it for a client without a row.
 */
export async function clientValues(
  { clients = () => ({}) }: Pick<TargetDefinition, 'clients'>,
  file: string,
): Promise<ClientValues> {
  if (typeof clients === 'function') return clients;
  const rows = await readRows(resolve(dirname(resolve(file)), clients), clients);
  const hint =
    rows.length === 0 ? CSV_HINT : `Give --clients ${rows.length} or less, or add a row for each client.`;
  return (number) =>
    rows[number] ??
    fail(
      'BAD_CLIENTS_FILE',
      `${clients} has ${plural(rows.length, 'row')}, which is not enough for client ${number + 1}`,
      hint,
    );
}

async function readRows(path: string, shown: string): Promise<Array<Record<string, string>>> {
  const problem = problemOfFile(path, MAX_CSV_BYTES);
  if (problem !== null) fail('BAD_CLIENTS_FILE', `${shown} ${problem}`, CSV_HINT);
  try {
    return parseCsv<Record<string, string>>(await readFile(path, 'utf8'), {
      columns: true,
      skip_empty_lines: true,
      trim: true,
      bom: true,
    });
  } catch (error) {
    return fail('BAD_CLIENTS_FILE', `${shown} could not be read: ${messageOf(error)}`, CSV_HINT);
  }
}
