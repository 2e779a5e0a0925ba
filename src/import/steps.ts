import { durationMs } from './durations.ts';
import type { Rounds, Step, StepContext } from './model.ts';
import type { Note } from './notes.ts';
import { readConnect, readEmit, readSend } from './socket-steps.ts';
import { isTemplate } from './templates.ts';
import { entryOfNode, itemsOf, plainOf, type ScriptMap, type ScriptNode, textOfNode } from './yaml.ts';

const HTTP = ['get', 'post', 'put', 'patch', 'delete', 'parallel'];
const KNOWN: Readonly<Record<string, readonly string[]>> = {
  emit: ['emit', 'namespace', 'response', 'acknowledge', 'connect', 'reconnect', 'beforeRequest'],
  connect: ['connect', 'namespace'],
  think: ['think', 'jitter'],
  loop: ['loop', 'count', 'over', 'whileTrue', 'loopValue', 'loopElement'],
  send: ['send'],
  wait: ['wait'],
  log: ['log'],
};

/** Reads the steps of a flow, or of a loop in it. */
export function readSteps(node: ScriptNode | undefined, context: StepContext, isInLoop = false): Step[] {
  // Anchors give lists within the list, which Artillery flattens by one level.
  const items = itemsOf(node).flatMap((item) => (item.kind === 'list' ? item.items : [item]));
  return items.flatMap((item, index) => readStep(item, context, !isInLoop && index === 0, isInLoop));
}

function readStep(node: ScriptNode, context: StepContext, isFirst: boolean, isInLoop: boolean): Step[] {
  const { engine, notes } = context;
  const leave = (text: string): Step[] => [
    { kind: 'note', line: node.line, notes: [notes.add('left', 'step', node, text)] },
  ];
  if (node.kind !== 'map') return leave('a step that is no map');
  const has = (key: string) => node.entries.has(key);
  const isSocketio = engine !== 'ws';
  const kind = ['loop', 'think', 'emit', 'connect', 'send', 'wait', 'log', 'function'].find(has);
  const said = unknownKeys(node, kind, context);
  if (kind === 'loop') return [readLoop(node, context, said)];
  if (kind === 'think') return readThink(node, context, said);
  if (kind === 'log')
    return [{ kind: 'log', line: node.line, notes: said, text: textOfNode(entryOfNode(node, 'log')) ?? '' }];
  if (kind === 'function') {
    return leave(
      `the function ${textOfNode(entryOfNode(node, 'function'))} of the processor: write it here, and set vars['name'] for the variables that it sets`,
    );
  }
  if (isSocketio && kind === 'emit') return readEmit(node, context, said, isInLoop);
  if (kind === 'connect')
    return (
      readConnect(node, context, said, isFirst, isInLoop) ?? leave('connect by a function of the processor')
    );
  if (!isSocketio && (kind === 'send' || kind === 'wait')) return [readSend(node, kind, context, said)];
  const http = HTTP.find(has);
  if (http !== undefined && isSocketio) return leave(`${http}: requests of HTTP steps`);
  const [key = 'an empty step'] = node.entries.keys();
  return leave(`${key}, which is no step of the engine ${engine}: a user of Artillery fails there`);
}

/** Notes the keys beside a step that Artillery does not read. */
function unknownKeys(node: ScriptMap, kind: string | undefined, { engine, notes }: StepContext): Note[] {
  const known = kind === undefined ? undefined : KNOWN[kind];
  if (known === undefined) return [];
  return [...node.entries].flatMap(([key, value]) => {
    if (key === 'beforeRequest' && kind === 'emit') {
      return engine === 'socketio-v3'
        ? [
            notes.add(
              'left',
              'step',
              value,
              `beforeRequest ${textOfNode(value)}: a function of the processor`,
            ),
          ]
        : [notes.add('ignored', 'step', value, `the engine ${engine} does not read beforeRequest`)];
    }
    const isOfV3 = key === 'connect' || key === 'reconnect';
    if (known.includes(key) && !(isOfV3 && kind === 'emit' && engine !== 'socketio-v3')) return [];
    return [
      notes.add('ignored', 'step', value, `the engine ${engine} does not read ${key} in a step with ${kind}`),
    ];
  });
}

function readThink(
  node: ScriptMap,
  { engine, notes, jitter: general }: StepContext,
  said: readonly Note[],
): Step[] {
  const text = textOfNode(entryOfNode(node, 'think')) ?? '';
  const [line, all] = [node.line, [...said]];
  if (isTemplate(text)) return [{ kind: 'think', line, notes: all, durationMs: text, jitterMs: 0 }];
  const thoughtMs = durationMs(text);
  if (thoughtMs === null) {
    all.push(notes.add('left', 'step', node, `think ${text}: it is no time`));
    return [{ kind: 'note', line, notes: all }];
  }
  if (engine === 'socketio-v3' && /[a-z]/i.test(text) && Number.parseFloat(text) * 1000 !== thoughtMs) {
    all.push(
      notes.add(
        'ignored',
        'step',
        node,
        `socketio-v3 does not read the unit of think ${text}, and waits ${Number.parseFloat(text)} s`,
      ),
    );
  }
  if (engine !== 'socketio-v3' && /^\s*\d*\.\d+\s*$/.test(text) && !Number.isInteger(Number(text))) {
    all.push(
      notes.add(
        'ignored',
        'step',
        node,
        `Artillery 2.0.34 waits 1 ms for a think time with a fraction and without a unit; here users wait ${text} s`,
      ),
    );
  }
  const jitter = textOfNode(entryOfNode(node, 'jitter')) ?? general;
  const [, amount, percent] = /^\s*(\d+)[^%]*(%?)/.exec(jitter ?? '') ?? [];
  const jitterMs =
    amount === undefined ? 0 : percent === '%' ? (thoughtMs * Number(amount)) / 100 : Number(amount);
  return [{ kind: 'think', line, notes: all, durationMs: thoughtMs, jitterMs }];
}

function readLoop(node: ScriptMap, context: StepContext, given: readonly Note[]): Step {
  const { engine, notes } = context;
  const said = [...given];
  const body = readSteps(entryOfNode(node, 'loop'), context, true);
  let rounds = roundsOf(node);
  const condition = entryOfNode(node, 'whileTrue');
  if (condition !== undefined) {
    said.push(
      notes.add(
        'left',
        'step',
        condition,
        `whileTrue ${textOfNode(condition)}: a function of the processor; the loop goes round once`,
      ),
    );
    rounds = { kind: 'count', from: 0, to: 1 };
  } else if (rounds.kind === 'endless' && !body.some(waits)) {
    said.push(notes.add('left', 'step', node, 'the loop has no end and never waits; it goes round once'));
    rounds = { kind: 'count', from: 0, to: 1 };
  } else if (rounds.kind === 'endless') {
    said.push(
      notes.add('differs', 'step', node, 'the loop has no end: users end with the run, and count as failed'),
    );
  }
  const element = engine === 'ws' ? undefined : textOfNode(entryOfNode(node, 'loopElement'));
  return {
    kind: 'loop',
    line: node.line,
    notes: said,
    rounds,
    body,
    counter: textOfNode(entryOfNode(node, 'loopValue')) ?? '$loopCount',
    element: element ?? '$loopElement',
  };
}

function waits(step: Step): boolean {
  if (step.kind === 'loop') return step.body.some(waits);
  if (step.kind === 'emit') return step.response !== null || step.acknowledge !== null;
  return step.kind === 'send' ? step.expected !== null : step.kind === 'think' && step.durationMs !== 0;
}

function roundsOf(node: ScriptMap): Rounds {
  const [over, count] = [entryOfNode(node, 'over'), textOfNode(entryOfNode(node, 'count'))];
  if (over?.kind === 'list') return { kind: 'over', values: over.items.map(plainOf) };
  if (over?.kind === 'scalar') return { kind: 'over', values: textOfNode(over) ?? '' };
  // Artillery reads a count of 0 as none.
  if (count === undefined || count === '0' || count === '-1') return { kind: 'endless' };
  if (isTemplate(count)) return { kind: 'count', from: 0, to: count };
  const [, from, to] = /^(\d+)-(\d+)$/.exec(count) ?? [];
  if (from !== undefined) return { kind: 'count', from: Number(from), to: Number(to) };
  const number = Number(count);
  return { kind: 'count', from: 0, to: Number.isFinite(number) && number > 0 ? number : 0 };
}
