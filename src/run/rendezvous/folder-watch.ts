import { createHash } from 'node:crypto';
import type { Clock } from '../../measure/clock.ts';
import type { Shard } from '../../plan/shard.ts';
import {
  parseShared,
  type StartFile,
  startFileSchema,
  type WaitingFile,
  waitingFileSchema,
} from './documents.ts';
import type { SharedFolder } from './shared-folder.ts';

const WAITING_NAME = /^sockbench-shard-(\d{1,4})-of-(\d{1,4})-([0-9a-f]{8})-([0-9a-f]{32})\.json$/;
const START_NAME = /^sockbench-start-([0-9a-f]{8})-([0-9a-f]{32})\.json$/;

/** Part of the names of all files of one plan. */
export function planTag(planDigest: string): string {
  return createHash('sha256').update(planDigest).digest('hex').slice(0, 8);
}

/** The name of the file of a shard that waits. */
export function waitingName({ index, count }: Shard, tag: string, nonce: string): string {
  return `sockbench-shard-${index}-of-${count}-${tag}-${nonce}.json`;
}

/** The name of the file by which shard 1 starts the run. */
export function startName(tag: string, nonce: string): string {
  return `sockbench-start-${tag}-${nonce}.json`;
}

/** What the name of a waiting file says. */
interface WaitingName {
  readonly name: string;
  readonly shard: Shard;
  readonly tag: string;
  readonly nonce: string;
}

/** Reads the files of a rendezvous folder, and notices which of them no longer change. */
export class FolderWatch {
  readonly #folder: SharedFolder;
  readonly #clock: Clock;
  readonly #beats = new Map<string, { readonly beat: number; readonly changedNs: number }>();
  #waiting: readonly WaitingName[] = [];
  #starts: readonly string[] = [];

  constructor(folder: SharedFolder, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** The nonces of all waiting files that were listed last. */
  get nonces(): readonly string[] {
    return this.#waiting.map(({ nonce }) => nonce);
  }

  /** Lists the folder. */
  async list(): Promise<void> {
    const names = await this.#folder.list();
    this.#waiting = names.flatMap((name) => {
      const [, index, count, tag = '', nonce = ''] = WAITING_NAME.exec(name) ?? [];
      const shard = { index: Number(index), count: Number(count) };
      return index === undefined ? [] : [{ name, shard, tag, nonce }];
    });
    this.#starts = names.filter((name) => START_NAME.test(name));
  }

  /** Reads those waiting files of the listed ones that are selected by their names. Unreadable ones are left out. */
  async readWaiting(isWanted: (name: WaitingName) => boolean): Promise<WaitingFile[]> {
    const files: WaitingFile[] = [];
    for (const named of this.#waiting) {
      if (!isWanted(named)) continue;
      const text = await this.#folder.read(named.name);
      const file = text === null ? null : parseShared(waitingFileSchema, text);
      // A copy under another name is not the announcement of a process.
      if (file === null || file.announced.nonce !== named.nonce) continue;
      this.#note(file);
      files.push(file);
    }
    return files;
  }

  /** Reads the starts of a plan. */
  async readStarts(tag: string): Promise<StartFile[]> {
    const starts: StartFile[] = [];
    for (const name of this.#starts) {
      if (START_NAME.exec(name)?.[1] !== tag) continue;
      const text = await this.#folder.read(name);
      const start = text === null ? null : parseShared(startFileSchema, text);
      if (start !== null) starts.push(start);
    }
    return starts;
  }

  /** How long a file has not changed, in milliseconds, as far as it was read here. */
  unchangedMs({ announced }: WaitingFile): number {
    const changedNs = this.#beats.get(announced.nonce)?.changedNs ?? this.#clock.nowNs();
    return (this.#clock.nowNs() - changedNs) / 1e6;
  }

  /** Removes what ended processes left: waiting files that have not changed for `staleMs`, and the starts of them. */
  async removeStale(files: readonly WaitingFile[], staleMs: number): Promise<void> {
    for (const file of files) {
      if (this.unchangedMs(file) < staleMs) continue;
      const { announced } = file;
      const tag = planTag(announced.planDigest);
      await this.#folder.remove(waitingName(announced, tag, announced.nonce));
      await this.#folder.remove(startName(tag, announced.nonce));
    }
  }

  #note({ announced: { nonce }, beat }: WaitingFile): void {
    if (this.#beats.get(nonce)?.beat === beat) return;
    this.#beats.set(nonce, { beat, changedNs: this.#clock.nowNs() });
  }
}
