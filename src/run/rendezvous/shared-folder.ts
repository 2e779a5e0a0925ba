import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, messageOf } from '../../errors.ts';
import { foreign } from '../../foreign.ts';

/** The files of a folder that shards share. A test gives one in memory. */
export interface SharedFolder {
  /** How the folder is named in messages. */
  readonly name: string;
  list(): Promise<readonly string[]>;
  /** The text of a file; null when it is gone. */
  read(name: string): Promise<string | null>;
  /** Replaces a file in one step: readers see the old text or the new one. */
  write(name: string, text: string): Promise<void>;
  /** Removes a file, if it exists. */
  remove(name: string): Promise<void>;
}

/** A file of this size is not one of a rendezvous, in bytes. */
const MAX_FILE_BYTES = 64 * 1024 ** 2;

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  ENOTDIR: 'it is not a folder',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is exceeded',
  ESTALE: 'the file system was unmounted or replaced',
};

function systemCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** Throws RENDEZVOUS_FOLDER with the reason of a system error. */
function failFolder(folder: string, action: string, error: unknown): never {
  const reason = SYSTEM_ERRORS[systemCode(error)] ?? foreign(messageOf(error));
  return fail(
    'RENDEZVOUS_FOLDER',
    `the rendezvous folder ${foreign(folder)} cannot be ${action}: ${reason}`,
    'Name an existing folder that all shards share and can write to.',
  );
}

/** Opens a folder of this machine. Throws RENDEZVOUS_FOLDER when it does not exist or cannot be written to. */
export async function openSharedFolder(folder: string, nonce: string): Promise<SharedFolder> {
  const shared = sharedFolder(folder, nonce);
  await shared.list();
  const trial = `.sockbench-trial-${nonce}`;
  await shared.write(trial, 'This file shows that the folder can be written to.');
  await shared.remove(trial);
  return shared;
}

function sharedFolder(folder: string, nonce: string): SharedFolder {
  const temporary = join(folder, `.sockbench-${nonce}.tmp`);
  return {
    name: foreign(folder),
    list: () => readdir(folder).catch((error: unknown) => failFolder(folder, 'read', error)),
    async read(name) {
      const path = join(folder, name);
      try {
        const found = await stat(path);
        // Reading a pipe would wait for its writer.
        if (!found.isFile() || found.size > MAX_FILE_BYTES) return null;
        return await readFile(path, 'utf8');
      } catch (error) {
        // Another host may replace or remove a file at any time; ESTALE is how NFS reports it.
        if (['ENOENT', 'ESTALE'].includes(systemCode(error))) return null;
        return failFolder(folder, 'read', error);
      }
    },
    async write(name, text) {
      try {
        await writeFile(temporary, text);
        await rename(temporary, join(folder, name));
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => {});
        failFolder(folder, 'written to', error);
      }
    },
    async remove(name) {
      await rm(join(folder, name), { force: true }).catch(() => {});
    },
  };
}
