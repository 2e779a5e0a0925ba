import { readExpectation } from './expectation.ts';
import type { ConnectOptionsPart, Step, StepContext } from './model.ts';
import type { Note } from './notes.ts';
import { isTemplate } from './templates.ts';
import { entriesOf, entryOfNode, plainOf, type ScriptMap, type ScriptNode, textOfNode } from './yaml.ts';

export function readEmit(
  node: ScriptMap,
  context: StepContext,
  given: readonly Note[],
  isInLoop: boolean,
): Step[] {
  const { engine, notes, timeoutMs } = context;
  const said = [...given];
  const emit = entryOfNode(node, 'emit');
  const [first, ...rest] = emit?.kind === 'list' ? emit.items : [];
  const event = textOfNode(emit?.kind === 'list' ? first : (entryOfNode(emit, 'channel') ?? emit));
  const namespace = textOfNode(entryOfNode(node, 'namespace')) ?? '';
  const [response, acknowledge] = [entryOfNode(node, 'response'), entryOfNode(node, 'acknowledge')];
  const leave = (text: string): Step[] => [
    { kind: 'note', line: node.line, notes: [...said, notes.add('left', 'step', node, text)] },
  ];
  if (event === undefined) return leave('emit without the name of an event');
  if (isTemplate(namespace))
    return leave(
      `emit over the namespace ${namespace}: Artillery fills {{ }} in it once, for its first user`,
    );
  const channel = textOfNode(entryOfNode(response, 'channel') ?? entryOfNode(response, 'on'));
  const hasResponse = response !== undefined && channel !== undefined;
  if (response !== undefined && !hasResponse) {
    said.push(
      notes.add('ignored', 'step', response, 'response without channel or on: Artillery waits for nothing'),
    );
  }
  if (hasResponse && acknowledge !== undefined) {
    said.push(
      notes.add(
        'ignored',
        'step',
        acknowledge,
        'acknowledge beside response: Artillery asks for no acknowledgement',
      ),
    );
  }
  const read = hasResponse ? readExpectation(response, engine, false, notes) : null;
  const acknowledged =
    hasResponse || acknowledge === undefined ? null : readExpectation(acknowledge, engine, true, notes);
  said.push(...(read?.said ?? []), ...(acknowledged?.said ?? []));
  if (hasResponse && read?.expectation.data === undefined && engine === 'socketio') {
    said.push(
      notes.add(
        'differs',
        'step',
        response,
        `response without data: Artillery goes on after ${timeoutMs / 1000} s, whenever the event comes; here users go on with the event`,
      ),
    );
  }
  const steps: Step[] = [];
  const connects = entryOfNode(node, 'connect') ?? entryOfNode(node, 'reconnect');
  if (connects !== undefined && engine === 'socketio-v3' && isInLoop) {
    said.push(notes.add('left', 'step', connects, 'connect within a loop'));
  } else if (connects !== undefined && engine === 'socketio-v3') {
    steps.push({
      kind: 'connect',
      line: node.line,
      notes: [],
      namespace,
      options: connectPart(entryOfNode(node, 'connect'), context, said),
    });
  }
  steps.push({
    kind: 'emit',
    line: node.line,
    notes: said,
    namespace,
    event,
    args:
      emit?.kind === 'list' ? { list: rest.map(plainOf) } : { data: dataOfStep(entryOfNode(emit, 'data')) },
    response: read === null || channel === undefined ? null : { ...read.expectation, event: channel },
    acknowledge: acknowledged?.expectation ?? null,
  });
  return steps;
}

function dataOfStep(node: ScriptNode | undefined): unknown {
  return node === undefined ? undefined : plainOf(node);
}

/** Options of `connect` in a step. */
function connectPart(
  node: ScriptNode | undefined,
  { engine, notes }: StepContext,
  said: Note[],
): ConnectOptionsPart {
  const names: Readonly<Record<string, keyof ConnectOptionsPart>> =
    engine === 'ws'
      ? { target: 'url', headers: 'headers' }
      : { auth: 'auth', extraHeaders: 'headers', query: 'query' };
  const part: Partial<Record<keyof ConnectOptionsPart, unknown>> = {};
  for (const [key, value] of entriesOf(node)) {
    const field = names[key];
    if (field === undefined) said.push(notes.add('left', 'step', value, `connect: ${key}`));
    else part[field] = plainOf(value);
  }
  return part as ConnectOptionsPart;
}

export function readConnect(
  node: ScriptMap,
  context: StepContext,
  given: readonly Note[],
  isFirst: boolean,
  isInLoop: boolean,
): Step[] | null {
  const { engine, notes } = context;
  const connect = entryOfNode(node, 'connect');
  const said = [...given];
  const base = {
    kind: 'connect',
    line: node.line,
    namespace: textOfNode(entryOfNode(node, 'namespace')) ?? '',
  } as const;
  const ignored = (text: string): Step[] => [
    { kind: 'note', line: node.line, notes: [...said, notes.add('ignored', 'step', node, text)] },
  ];
  if (engine === 'socketio')
    return ignored('connect is no step of the engine socketio: a user of Artillery fails there');
  if (isInLoop) return ignored(`the engine ${engine} does not connect within a loop`);
  if (engine === 'ws' && !isFirst) return ignored('connect after the first step does nothing');
  if (entryOfNode(connect, 'function') !== undefined) return null;
  if (engine === 'ws' && connect?.kind === 'scalar') {
    return [{ ...base, notes: said, options: { url: textOfNode(connect) ?? '' } }];
  }
  const options = connectPart(connect, context, said);
  return [{ ...base, notes: said, options }];
}

export function readSend(
  node: ScriptMap,
  kind: 'send' | 'wait',
  context: StepContext,
  given: readonly Note[],
): Step {
  const { engine, notes } = context;
  const said = [...given];
  const params = entryOfNode(node, kind);
  const isExpecting =
    entryOfNode(params, 'capture') !== undefined || entryOfNode(params, 'match') !== undefined;
  if (!isExpecting || params === undefined) {
    if (entryOfNode(params, 'payload') !== undefined || kind === 'wait') {
      said.push(
        notes.add(
          'ignored',
          'step',
          node,
          `${kind} without capture or match: Artillery sends all that stands there as JSON`,
        ),
      );
    }
    return {
      kind: 'send',
      line: node.line,
      notes: said,
      payload: params === undefined ? null : plainOf(params),
      expected: null,
    };
  }
  const { expectation, said: more } = readExpectation(params, engine, false, notes);
  const payload = entryOfNode(params, 'payload');
  return {
    kind: 'send',
    line: node.line,
    notes: [...said, ...more],
    payload: dataOfStep(payload),
    expected: expectation,
  };
}
