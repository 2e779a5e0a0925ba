import type { Engine, Expectation } from './model.ts';
import type { Note, Notes } from './notes.ts';
import { referenceOf } from './templates.ts';
import { entriesOf, entryOf, itemsOf, plainOf, type ScriptNode, textOf } from './yaml.ts';

const SIMPLE_PATH = /^\$?(?:\.[\w$-]+|\[\d+\]|\['[^']*'\]|\["[^"]*"\])*$/;

/** Reads `data`, `match` and `capture` of a response, an acknowledgement or a WebSocket message. */
export function readExpectation(
  node: ScriptNode,
  engine: Engine,
  isAcknowledgement: boolean,
  notes: Notes,
): { readonly expectation: Expectation; readonly said: readonly Note[] } {
  const said: Note[] = [];
  const leave = (at: ScriptNode, text: string) => void said.push(notes.add('left', 'step', at, text));
  const data = engine === 'ws' ? undefined : (entryOf(node, 'data') ?? entryOf(node, 'args'));
  const specs = [...itemsOf(entryOf(node, 'match')), ...itemsOf(entryOf(node, 'capture'))];
  const paths = new Map<ScriptNode, readonly string[]>();
  for (const spec of specs) {
    const json = textOf(entryOf(spec, 'json')) ?? (isAcknowledgement && engine !== 'ws' ? '$.0' : undefined);
    if (json === undefined)
      leave(
        spec,
        `a match or capture by ${[...entriesOf(spec).keys()].join(', ')}: only json is carried over`,
      );
    else if (!SIMPLE_PATH.test(json))
      leave(spec, `a match or capture of ${json}: only paths such as $.0.name are carried over`);
    else
      paths.set(
        spec,
        referenceOf(json.replace(/^\$/, '')).filter((key) => key !== ''),
      );
  }
  // socket.io-client hands over a list of arguments. An event with one argument arrives here as that argument.
  const hasList = engine === 'socketio';
  const areSeveral = hasList && [...paths.values()].some(([first]) => first !== undefined && first !== '0');
  const matches: Array<Expectation['matches'][number]> = [];
  const captures: Array<Expectation['captures'][number]> = [];
  for (const [spec, path] of paths) {
    const [, ...inner] = path;
    const own = hasList && !areSeveral ? inner : path;
    const [value, as] = [entryOf(spec, 'value'), textOf(entryOf(spec, 'as'))];
    if (value !== undefined) matches.push({ path: own, value: plainOf(value) });
    else if (as !== undefined) captures.push({ path: own, as });
    else
      said.push(
        notes.add('ignored', 'step', spec, 'a match without value, or a capture without as, does nothing'),
      );
  }
  return { expectation: { data: data === undefined ? undefined : plainOf(data), matches, captures }, said };
}
