import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fail } from '../../errors.ts';
import { guard } from './guardian.ts';
import { isGone, OWNER } from './owner.ts';

/** A symbolic link to the name of its owner: it is made with its content in one step, or not at all. */
const LOCK = '.sockbench.lock';

/**
 * Claims a folder for the comparison of this process, until its end: the files have fixed names. A claim of a process that
 * has ended does not count, nor one of another machine or container, whose processes cannot be seen from here. Throws
 * OUT_IN_USE. A file system without symbolic links has no claims.
 */
export function claimFolder(folder: string): void {
  const path = join(folder, LOCK);
  let owner = tryClaim(path);
  if (owner === OWNER) return;
  if (owner !== null && !isRunning(owner)) {
    removeClaim(path, owner);
    owner = tryClaim(path);
  }
  if (owner !== null && isRunning(owner)) {
    const message = `another comparison (process ${pidOf(owner)}) writes to ${folder}`;
    fail('OUT_IN_USE', message, 'Give another folder with --out DIR, or wait until it has ended.');
  }
  if (owner === null && ownerIn(path) === OWNER)
    guard({ pid: null, claim: resolve(path), end: () => rmSync(path, { force: true }) });
}

/** Makes a claim. Returns the owner of the one that is there, or null. */
function tryClaim(path: string): string | null {
  try {
    symlinkSync(OWNER, path);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? ownerIn(path) : null;
  }
}

/** The content of a link; null for anything else, which is no claim. */
function ownerIn(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

function isRunning(owner: string): boolean {
  const [scope] = owner.split('-');
  return scope === OWNER.split('-')[0] && !isGone(owner);
}

/** Removes a claim of an owner that has ended, unless another process was faster and has made its own. */
function removeClaim(path: string, gone: string): void {
  const aside = `${path}.${OWNER}`;
  try {
    renameSync(path, aside);
    if (ownerIn(aside) === gone) rmSync(aside);
    else renameSync(aside, path);
  } catch {
    // Another process has removed it.
  }
}

/** Removes a claim if its owner has ended. */
export function removeGoneClaim(path: string): void {
  const owner = ownerIn(path);
  if (owner !== null && isGone(owner)) removeClaim(path, owner);
}

function pidOf(owner: string): string {
  return owner.split('-')[1] ?? owner;
}
