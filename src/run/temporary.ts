import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fail } from '../errors.ts';
import { foreign } from '../foreign.ts';

/** Folders of Unix systems for temporary files, where TMPDIR cannot be used. */
const SYSTEM_FOLDERS = process.platform === 'win32' ? [] : ['/tmp', '/var/tmp', '/dev/shm'];
/** The longest path of a Unix socket in bytes: 108 on Linux and 104 elsewhere, with the zero at its end. */
export const MAX_SOCKET_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Whether a file can be made in a folder. Permissions alone do not tell: root has all of them, also in /proc. */
function isWritable(folder: string): boolean {
  try {
    rmdirSync(mkdtempSync(join(folder, '.sockbench-')));
    return true;
  } catch {
    return false;
  }
}

/** The folders in which temporary files of sockbench may lie, absolute: TMPDIR, then those of the system. */
export function temporaryFolders(): string[] {
  return [...new Set([resolve(tmpdir()), ...SYSTEM_FOLDERS])];
}

/**
 * Returns the first of these folders that can be written to and whose path has at most `maxBytes` bytes: TMPDIR, unless it
 * is missing, read-only, no folder or too long. Throws NO_TEMPORARY_FOLDER.
 */
export function temporaryFolder(maxBytes = Number.POSITIVE_INFINITY): string {
  const folder = temporaryFolders().find((each) => Buffer.byteLength(each) <= maxBytes && isWritable(each));
  if (folder !== undefined) return folder;
  return fail(
    'NO_TEMPORARY_FOLDER',
    `no folder for temporary files can be written to: ${foreign(temporaryFolders().join(', '))}`,
    'Set TMPDIR to a folder that exists and can be written to.',
  );
}
