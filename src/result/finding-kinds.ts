/** Who has to act on a finding: the server under test, the generator, the machine, the user, or no one. */
export type Fault = 'server' | 'generator' | 'machine' | 'user' | 'none';

/** What is known of a finding before it occurs. */
export interface FindingKind {
  readonly fault: Fault;
  /** Whether a run with it is INVALID. Otherwise it is reported beside a valid result. */
  readonly invalidates: boolean;
  /** One sentence for the docs. */
  readonly meaning: string;
  /** What to do, as an imperative clause without a full stop; empty when nothing has to be done. */
  readonly remedy: string;
}

export function invalid(fault: Fault, meaning: string, remedy = ''): FindingKind {
  return { fault, invalidates: true, meaning, remedy };
}

export function note(fault: Fault, meaning: string, remedy = ''): FindingKind {
  return { fault, invalidates: false, meaning, remedy };
}
