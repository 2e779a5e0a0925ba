/** Reads the fields of interfaces from their source, with their types and comments, for the reference pages. */
import { readFileSync } from 'node:fs';

/** One field of an interface: `data?`, its type in one line, and its comment without links; empty for none. */
export interface TypedField {
  readonly name: string;
  readonly isOptional: boolean;
  readonly type: string;
  readonly comment: string;
}

/** Returns the fields of an interface in a file of the repository. Throws where there is none of this name. */
export function fieldsOfInterface(path: string, name: string): TypedField[] {
  const source = readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
  const [, after] = source.split(new RegExp(`export interface ${name}\\b[^{]*\\{\\n`));
  const [body] = after?.split(/^\}/m) ?? [];
  if (body === undefined) throw new Error(`${path} has no interface ${name}`);
  const fields = body.matchAll(
    /((?:^ {2}\/\*\*.*?\*\/\n)?)^ {2}(?:readonly )?(\w+)(\??)(?::|(?=[<(])) ?(.*?);\n(?=^ {2}(?:readonly |\/\*\*|\w)|$(?![\s\S]))/gms,
  );
  return Array.from(fields, ([, comment = '', field = '', optional, type = '']) => ({
    name: field,
    isOptional: optional === '?',
    type: oneLine(type),
    comment: commentText(comment),
  }));
}

/** A type without comments, `readonly` and line breaks. */
function oneLine(type: string): string {
  return type
    .replace(/\/\*\*.*?\*\//gs, '')
    .replace(/\breadonly (?=\w+\??:)/g, '')
    .replace(/Readonly<Record<string, (\w+)>>/g, 'Record<string, $1>')
    .replace(/\s+/g, ' ')
    .replace(/; \}/g, ' }')
    .replace(/, \)/g, ')')
    .trim();
}

function commentText(comment: string): string {
  return comment
    .replace(/^\s*\/\*\*|\*\/\s*$/g, '')
    .replace(/^\s*\* ?/gm, '')
    .replace(/\{@link ([\w.]+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim();
}
