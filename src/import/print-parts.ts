import { arrowCode, type Code, callCode, flat, layOut, listCode, literal } from './code.ts';
import type { ExpectedAnswer, Rounds, ScriptEngine, StepOf } from './model.ts';
import type { ValueWriter } from './templates.ts';

/** Writes the comparison that the engine socketio makes: text is found within text, anything else is equal. */
export function isSameCode(writer: ValueWriter, actual: string, expected: unknown): Code {
  if (typeof expected === 'string') return `String(${actual}).includes(${writer.string(expected)})`;
  writer.imports.add('isDeepStrictEqual');
  const [only] = Array.isArray(expected) ? expected : [];
  const own = Array.isArray(expected) && expected.length === 1 ? only : expected;
  return callCode('isDeepStrictEqual', actual, writer.value(own));
}

/** A message is text; anything else is sent as JSON. */
export function messageCode(writer: ValueWriter, payload: unknown): Code {
  if (typeof payload === 'object' && payload !== null)
    return callCode('JSON.stringify', writer.value(payload));
  if (payload === null) return literal('null');
  if (typeof payload !== 'string') return literal(String(payload));
  const code = writer.text(payload);
  if (!code.startsWith('vars[') && !code.startsWith('at(')) return code;
  writer.helpers.add('text');
  return `text(${code})`;
}

/** Writes the head of a loop. `isCounted`: the body reads the number of the round. */
export function loopHead(
  writer: ValueWriter,
  rounds: Rounds,
  round: string,
  each: string,
  isCounted: boolean,
  indent: number,
): string[] {
  const space = ' '.repeat(indent);
  if (rounds.kind === 'endless') {
    return [`${space}for (${isCounted ? `let ${round} = 0; ; ${round}++` : ';;'}) {`];
  }
  if (rounds.kind === 'count') {
    const to = typeof rounds.to === 'number' ? String(rounds.to) : `Number(${writer.text(rounds.to)})`;
    return [`${space}for (let ${round} = ${rounds.from}; ${round} < ${to}; ${round}++) {`];
  }
  const list = listCodeOf(writer, rounds.values);
  if (isCounted)
    return [layOut(`for (const [${round}, ${each}] of `, callCode(`${flat(list)}.entries`), ') {', indent)];
  return [layOut(`for (const ${each} of `, list, ') {', indent)];
}

function listCodeOf(writer: ValueWriter, values: readonly unknown[] | string): Code {
  if (typeof values !== 'string') return writer.value(values);
  writer.helpers.add('items');
  return callCode('items', writer.text(`{{ ${values} }}`));
}

/** Writes the arguments of an event as one value, or as Arguments. */
export function argumentsCode(writer: ValueWriter, args: StepOf<'emit'>['args']): Code[] {
  // Artillery sends null where a script gives no data.
  if ('data' in args) return [args.data === undefined ? 'null' : writer.value(args.data)];
  const [only] = args.list;
  if (args.list.length === 1) return [writer.value(only)];
  writer.imports.add('Arguments');
  return [callCode('new Arguments', listCode(args.list.map((each) => writer.value(each))))];
}

/** The event that `next` waits for, which must be new, as in Artillery. */
const NEW_EVENT = arrowCode('_data, isNew', 'isNew');

/** The arguments of `next`, and whether they choose the event by its data: the engine socketio waits for that event. */
export function nextArgs(
  writer: ValueWriter,
  engine: ScriptEngine,
  { event, data }: ExpectedAnswer & { readonly event: string },
): { readonly args: readonly Code[]; readonly isChosen: boolean } {
  const name = writer.string(event);
  if (data === undefined || engine !== 'socketio') return { args: [name, NEW_EVENT], isChosen: false };
  return { args: [name, arrowCode('data', isSameCode(writer, 'data', data))], isChosen: true };
}
