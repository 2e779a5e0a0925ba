import type { ExpectedAnswer, ScriptEngine } from './model.ts';
import type { Note, Notes } from './notes.ts';
import { referenceOf } from './templates.ts';
import { entriesOf, entryOfNode, itemsOf, plainOf, type ScriptNode, textOfNode } from './yaml.ts';

const SIMPLE_PATH = /^\$?(?:\.[\w$-]+|\[\d+\]|\['[^']*'\]|\["[^"]*"\])*$/;

/** Reads `data`, `match` and `capture` of a response, an acknowledgement or a WebSocket message. */
export function readExpectation(
  node: ScriptNode,
  engine: ScriptEngine,
  isAcknowledgement: boolean,
  notes: Notes,
): { readonly expectation: ExpectedAnswer; readonly said: readonly Note[] } {
  const said: Note[] = [];
  const leave = (at: ScriptNode, text: string) => void said.push(notes.add('left', 'step', at, text));
  const data = engine === 'ws' ? undefined : (entryOfNode(node, 'data') ?? entryOfNode(node, 'args'));
  const specs = [...itemsOf(entryOfNode(node, 'match')), ...itemsOf(entryOfNode(node, 'capture'))];
  const paths = new Map<ScriptNode, readonly string[]>();
  for (const spec of specs) {
    const json =
      textOfNode(entryOfNode(spec, 'json')) ?? (isAcknowledgement && engine !== 'ws' ? '$.0' : undefined);
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
  const matches: Array<ExpectedAnswer['matches'][number]> = [];
  const captures: Array<ExpectedAnswer['captures'][number]> = [];
  for (const [spec, path] of paths) {
    const [, ...inner] = path;
    const own = hasList && !areSeveral ? inner : path;
    const [value, as] = [entryOfNode(spec, 'value'), textOfNode(entryOfNode(spec, 'as'))];
    if (value !== undefined) matches.push({ path: own, value: plainOf(value) });
    else if (as !== undefined) captures.push({ path: own, as });
    else
      said.push(
        notes.add('ignored', 'step', spec, 'a match without value, or a capture without as, does nothing'),
      );
  }
  return { expectation: { data: data === undefined ? undefined : plainOf(data), matches, captures }, said };
}
