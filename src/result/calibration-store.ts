import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, messageOf } from '../errors.ts';
import { foreign } from '../foreign.ts';
import { type Calibration, calibrationFile, calibrationSchema } from './calibration.ts';
import { makeFolder, writeAtomically } from './store.ts';
import { placeText, readStoredJson } from './stored-json.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder of all calibrations of this user: state in the sense of the XDG Base Directory Specification, because it
 * cannot be made again without the machine being quiet. `LOCALAPPDATA` is its place on Windows. Throws NO_STATE_FOLDER.
 */
export function calibrationFolder(env: Environment = process.env, platform = process.platform): string {
  const { XDG_STATE_HOME: state = '', LOCALAPPDATA: local = '' } = env;
  // The specification says to ignore a path that is not absolute.
  if (state.startsWith('/')) return join(state, 'sockbench', 'calibrations');
  if (platform === 'win32' && local !== '') return join(local, 'sockbench', 'calibrations');
  try {
    return join(homedir(), '.local', 'state', 'sockbench', 'calibrations');
  } catch (error) {
    // A user of a container may have no entry in the list of users.
    return fail(
      'NO_STATE_FOLDER',
      `this user has no home folder: ${messageOf(error)}`,
      'Set XDG_STATE_HOME to the absolute path of a folder for calibrations.',
    );
  }
}

/** Calibrations that were found, newest first, and why others could not be used: sentences with their paths. */
export interface FoundCalibrations {
  readonly calibrations: readonly Calibration[];
  readonly problems: readonly string[];
}

/** More files than this are not read. */
const MAX_FILES = 200;

/**
 * Reads the calibrations whose file names begin with `prefix`. `refuse` says why one is of no use, as a predicate; null for
 * one that is. A file that cannot be used is a problem, never an error.
 */
export async function readCalibrations(
  prefix: string,
  refuse: (calibration: Calibration) => string | null = () => null,
): Promise<FoundCalibrations> {
  const calibrations: Calibration[] = [];
  const problems: string[] = [];
  try {
    const folder = calibrationFolder();
    for (const name of (await calibrationNames(folder, prefix)).slice(0, MAX_FILES)) {
      const read = await readCalibration(join(folder, name), refuse);
      if (typeof read === 'string') problems.push(read);
      else calibrations.push(read);
    }
  } catch (error) {
    problems.push(`calibrations are ignored: ${messageOf(error)}`);
  }
  calibrations.sort((a, b) => (a.calibratedAt < b.calibratedAt ? 1 : -1));
  return { calibrations, problems };
}

async function calibrationNames(folder: string, prefix: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.startsWith(prefix) && name.endsWith('.json')).sort();
}

/** Reads a calibration; returns why it is ignored when it cannot be used. */
async function readCalibration(
  path: string,
  refuse: (calibration: Calibration) => string | null,
): Promise<Calibration | string> {
  const ignored = (problem: string) => `the calibration ${path} is ignored: it ${problem}`;
  try {
    const stored = await readStoredJson(path, (problem) => fail('BAD_CALIBRATION', problem));
    const parsed = calibrationSchema.safeParse(stored);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const place = placeText(issue?.path ?? []) || 'the file';
      return ignored(`is not a calibration of this version: ${place}: ${foreign(issue?.message ?? '')}`);
    }
    const problem = refuse(parsed.data);
    return problem === null ? parsed.data : ignored(problem);
  } catch (error) {
    return ignored(foreign(messageOf(error)));
  }
}

/** Stores a calibration in place of an earlier one of the same plan, and returns its path. */
export async function writeCalibration(calibration: Calibration): Promise<string> {
  const folder = calibrationFolder();
  const path = join(folder, calibrationFile(calibration.setup, calibration.rateHz));
  await makeFolder(folder);
  await writeAtomically(path, `${JSON.stringify(calibration, null, 2)}\n`);
  return path;
}
