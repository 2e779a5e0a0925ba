import type { ScriptNode } from './yaml.ts';

/**
 * Why a part of a script needs attention. `left`: it has no counterpart here, and was left out. `ignored`: Artillery
 * itself does not read it, or reads it otherwise than it looks. `differs`: it is carried over, and behaves differently.
 */
export type NoteKind = 'left' | 'ignored' | 'differs';

/** The files in which a note can stand as a comment; the notes of steps stand beside them. */
export type NotePlace = 'target' | 'scenario' | 'step';

export interface Note {
  readonly kind: NoteKind;
  readonly line: number;
  readonly text: string;
  readonly place: NotePlace;
}

/** Collects what a reader of a script has to know. */
export class Notes {
  readonly #notes: Note[] = [];

  add(kind: NoteKind, place: NotePlace, { line }: Pick<ScriptNode, 'line'>, text: string): Note {
    const note = { kind, place, line, text };
    if (!this.#notes.some((other) => other.line === line && other.text === text)) this.#notes.push(note);
    return note;
  }

  /** In the order of their lines. */
  get all(): readonly Note[] {
    return this.#notes.toSorted((a, b) => a.line - b.line);
  }
}

/** What the kinds of notes are called. */
export const NOTE_WORDS: Readonly<Record<NoteKind, string>> = {
  left: 'not carried over',
  ignored: 'ignored by Artillery',
  differs: 'different here',
};

/** One sentence of a note, as comments have it. */
export function noteText({ kind, line, text }: Note): string {
  return `Line ${line}, ${NOTE_WORDS[kind]}: ${text}.`;
}
