import type { PayloadFile } from './model.ts';
import type { Notes } from './notes.ts';
import { isTemplate, variablesIn } from './templates.ts';
import { entriesOf, entryOfNode, itemsOf, plainOf, type ScriptNode, textOfNode } from './yaml.ts';

const PAYLOAD_KEYS = [
  'path',
  'fields',
  'order',
  'name',
  'loadAll',
  'skipHeader',
  'cast',
  'delimiter',
  'skipEmptyLines',
];

/** Reads `config.payload`: one CSV file or several. */
export function readPayloads(node: ScriptNode | undefined, notes: Notes): PayloadFile[] {
  return itemsOf(node).flatMap((each) => readPayload(each, notes) ?? []);
}

function readPayload(node: ScriptNode, notes: Notes): PayloadFile | null {
  for (const [key, value] of entriesOf(node)) {
    if (!PAYLOAD_KEYS.includes(key)) notes.add('left', 'scenario', value, `payload: ${key}`);
  }
  const path = textOfNode(entryOfNode(node, 'path'));
  if (path === undefined || isTemplate(path)) {
    notes.add(
      'left',
      'scenario',
      node,
      'payload: it has no path, or one with {{ }}; set its variables in the scenario',
    );
    return null;
  }
  const [order, name] = [textOfNode(entryOfNode(node, 'order')), textOfNode(entryOfNode(node, 'name'))];
  const isAll = textOfNode(entryOfNode(node, 'loadAll')) === 'true';
  if (isAll && name === undefined) {
    notes.add('ignored', 'scenario', node, 'payload: loadAll without name gives no variable');
    return null;
  }
  if (isAll && order !== undefined) {
    notes.add(
      'ignored',
      'scenario',
      node,
      'payload: with order, loadAll gives one row as a list of values, not all rows',
    );
  }
  const fields = itemsOf(entryOfNode(node, 'fields')).map((field) => textOfNode(field) ?? '');
  if (fields.length === 0 && !isAll) {
    notes.add('ignored', 'scenario', node, 'payload: without fields, no variable gets a value');
    return null;
  }
  return {
    path,
    fields,
    order: order === 'sequence' ? 'sequence' : 'random',
    all: isAll ? (name ?? null) : null,
    delimiter: textOfNode(entryOfNode(node, 'delimiter')) ?? ',',
    skipHeader: textOfNode(entryOfNode(node, 'skipHeader')) === 'true',
    cast: textOfNode(entryOfNode(node, 'cast')) !== 'false',
  };
}

/** Reads `config.variables`: a value, or a list of which every user gets one. */
export function readVariables(node: ScriptNode | undefined, notes: Notes): Map<string, unknown> {
  const variables = new Map<string, unknown>();
  for (const [name, value] of entriesOf(node)) {
    const plain = plainOf(value);
    const [other] = variablesIn(plain);
    if (other === undefined) variables.set(name, plain);
    else
      notes.add(
        'ignored',
        'scenario',
        value,
        `variables: Artillery fills {{ ${other} }} within config before there are users; ${name} has no value`,
      );
  }
  return variables;
}
