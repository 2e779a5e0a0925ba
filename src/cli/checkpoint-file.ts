import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import { RUNS } from '../report/index.ts';
import type { RunResult } from '../result/run-result.ts';
import { jsonPieces, writeAtomically } from '../result/store.ts';
import { isGone } from '../run/leftovers/owner.ts';
import { plural } from '../text.ts';

/** How the names of checkpoints end. */
const CHECKPOINT_ENDING = 'checkpoint.json';

/** The file beside the result that a run leaves when it is killed. One that cannot be written does not end the run. */
export class CheckpointFile {
  readonly #folder: string;
  readonly #onFirstProblem: (problem: string) => void;
  #path: string | null = null;
  #writing: Promise<void> | null = null;
  #failed = 0;
  #problem = '';

  /** `onFirstProblem` gets why a checkpoint could not be written, once: the user can do something about it while the run goes on. */
  constructor(folder: string, onFirstProblem: (problem: string) => void) {
    this.#folder = folder;
    this.#onFirstProblem = onFirstProblem;
  }

  /** Writes a checkpoint in place of the last one, unless that is still being written. */
  readonly keep = (result: RunResult): void => {
    if (this.#writing !== null) return;
    const path = join(this.#folder, RUNS.fileName([result], { file: CHECKPOINT_ENDING }));
    this.#path = path;
    this.#writing = writeAtomically(path, jsonPieces(result))
      .catch((error) => {
        this.#failed += 1;
        this.#problem = messageOf(error);
        if (this.#failed === 1) this.#onFirstProblem(this.#problem);
      })
      .finally(() => {
        this.#writing = null;
      });
  };

  /** Says in the result of a run that checkpoints could not be written. */
  async note(result: RunResult): Promise<void> {
    await this.#writing;
    if (this.#failed === 0) return;
    const message = `${plural(this.#failed, 'checkpoint')} could not be written: ${this.#problem}`;
    result.notes.push({ code: 'checkpoint_failed', message });
  }

  /** Removes the checkpoint of a run whose result was written. */
  async remove(): Promise<void> {
    await this.#writing;
    if (this.#path !== null) await rm(this.#path, { force: true }).catch(() => {});
  }
}

/** The checkpoints of runs that were killed, in a folder. */
export async function findCheckpoints(folder: string): Promise<string[]> {
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    name.endsWith(`.${CHECKPOINT_ENDING}`),
  );
  const paths = names.toSorted().map((name) => join(folder, name));
  const owners = await Promise.all(
    paths.map((path) => readFile(path, 'utf8').then(ownerOfCheckpoint, () => null)),
  );
  return paths.filter((_, at) => isGone(owners[at] ?? ''));
}

/** The owner that a checkpoint names near its end; null where it names none. */
function ownerOfCheckpoint(text: string): string | null {
  const [, owner = null] = /"checkpoint":\{[^{}]*"owner":"([^"]+)"/.exec(text.slice(-10_000)) ?? [];
  return owner;
}
