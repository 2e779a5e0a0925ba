import { foreign } from '../foreign.ts';
import type { Flow, ImportedScript, ScriptEngine } from './model.ts';
import type { Notes } from './notes.ts';
import { variablesIn } from './templates.ts';
import { type ScriptMap, type ScriptNode, textOfNode } from './yaml.ts';

/** Variables that Artillery itself sets. */
const SET_BY_ARTILLERY = ['$uuid', '$testId', '$scenarioFile', '$dirname'];

/** Notes variables that no part of the script sets; a function of a processor may. */
export function noteUnset(
  script: Pick<ImportedScript, 'payloads' | 'variables' | 'flows' | 'connect'>,
  root: ScriptMap,
  notes: Notes,
): void {
  const set = new Set<string>([...SET_BY_ARTILLERY, ...script.variables.keys()]);
  for (const { fields, all } of script.payloads)
    for (const name of all === null ? fields : [all]) set.add(name);
  const visit = (steps: Flow['steps']): void => {
    for (const step of steps) {
      if (step.kind === 'loop') {
        set.add(step.counter).add(step.element);
        visit(step.body);
      }
      for (const { captures } of expectationsOf(step)) for (const { as } of captures) set.add(as);
    }
  };
  for (const { steps } of script.flows) visit(steps);
  const check = (steps: Flow['steps']): void => {
    for (const step of steps) {
      const { notes: _notes, ...own } = step;
      const shown = step.kind === 'loop' ? { rounds: step.rounds } : own;
      for (const name of new Set(variablesIn(shown))) {
        if (!set.has(name))
          notes.add('left', 'scenario', step, `{{ ${name} }}: no part of the script sets it`);
      }
      if (step.kind === 'loop') check(step.body);
    }
  };
  for (const { steps } of script.flows) check(steps);
  for (const name of new Set(variablesIn(script.connect))) {
    if (!set.has(name)) notes.add('left', 'scenario', root, `{{ ${name} }}: no part of the script sets it`);
  }
}

function expectationsOf(step: Flow['steps'][number]) {
  if (step.kind === 'emit') return [step.response, step.acknowledge].filter((each) => each !== null);
  return step.kind === 'send' && step.expected !== null ? [step.expected] : [];
}

const CONTEXT_FIELD = /\bcontext\.(\w+)(?:\.\w+|\[[^\]\n]*\])*\s*=(?!=)/;
/** Fields of a user's context that the engines, or functions of the processor, read. */
const READ_OF_CONTEXT: Readonly<Record<ScriptEngine, readonly string[]>> = {
  socketio: ['vars', 'funcs', 'scenario', 'sockets'],
  'socketio-v3': ['vars', 'funcs', 'scenario', 'sockets', 'extraHeaders'],
  ws: ['vars', 'funcs', 'scenario', 'ws'],
};

/** Notes settings that a processor gives through `context`, which no engine reads: `context.auth = ...`. */
export function noteProcessor(
  node: ScriptNode | undefined,
  engine: ScriptEngine,
  readProcessor: (path: string) => string | null,
  notes: Notes,
): void {
  const path = textOfNode(node);
  if (node === undefined || path === undefined) return;
  for (const [index, line] of (readProcessor(path) ?? '').split('\n').entries()) {
    const [, field] = CONTEXT_FIELD.exec(line) ?? [];
    if (field === undefined || READ_OF_CONTEXT[engine].includes(field)) continue;
    const text = `processor: line ${index + 1} of ${foreign(path)} sets context.${field}, which the engine ${engine} does not read`;
    notes.add('ignored', 'scenario', node, text);
  }
}
