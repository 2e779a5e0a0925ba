import { EXIT, messageOf, SockbenchError } from '../errors.ts';
import { foreignLines } from '../foreign.ts';
import type { ArtilleryScript } from './settings.ts';

/** The parts of Artillery's global object that are used. */
interface ArtilleryGlobal {
  readonly version?: string;
  readonly testRunId?: string;
  readonly globalEvents?: {
    on(event: string, listener: (options: { readonly earlyStop?: boolean }) => void): unknown;
  };
  suggestedExitCode?: number;
  /** In a worker thread: sends to the main thread. */
  readonly _workerThreadSend?: (message: { readonly event: string; readonly code: number }) => void;
}

/** Artillery's global object; undefined outside Artillery. */
export function artilleryGlobal(): ArtilleryGlobal | undefined {
  return (globalThis as { artillery?: ArtilleryGlobal }).artillery;
}

/** A phase of a script, as far as it is used. */
interface ArtilleryPhase {
  readonly duration?: number | string;
  readonly pause?: number | string;
  readonly arrivalCount?: number;
}

export function phasesOf({ config }: ArtilleryScript): readonly ArtilleryPhase[] {
  const phases = config['phases'];
  return Array.isArray(phases) ? phases : [];
}

/** Artillery's events in the main thread. */
export interface PluginEvents {
  on(event: string, listener: (value: unknown) => void): unknown;
}

/** Artillery's events in a worker thread: counters, histograms and the start of a user. */
export interface ArtilleryEvents {
  emit(event: string, ...values: unknown[]): unknown;
}

/** What to print of an error. Only a bug shows a stack. */
export function errorText(error: unknown): string {
  if (!(error instanceof SockbenchError))
    return error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  return error.hint === '' ? error.message : `${error.message}\n${error.hint}`;
}

/** Ends Artillery before it starts anything. */
export function refuseScript(error: unknown): never {
  process.stderr.write(foreignLines(`error: ${errorText(error)}\n`));
  process.exit(EXIT.usage);
}
