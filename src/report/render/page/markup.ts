import { createHash } from 'node:crypto';
import { plain } from '../../plain.ts';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return plain(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/** A value for a script of type application/json: no `<`, so nothing in it can end the script. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll('<', '\\u003c');
}

/** Our own script or style for use inside a page: an end tag in one of its strings does not end it. */
export function inlineCode(code: string): string {
  return code.replace(/<\/(?=script|style)/gi, '<\\/');
}

/** The source expression by which a Content-Security-Policy allows this one inline script. */
export function scriptHash(code: string): string {
  return `'sha256-${createHash('sha256').update(code).digest('base64')}'`;
}
