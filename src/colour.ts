import { styleText } from 'node:util';

/** What a piece of text means to a reader; the terminal shows it as a colour or a weight. */
export type Style = 'good' | 'warning' | 'bad' | 'strong' | 'faint' | 'accent';

/** Styles a text for a terminal, or returns it unchanged where colour is off. The text is safe already. */
export type Paint = (style: Style, text: string) => string;

const FORMATS = {
  good: 'green',
  warning: 'yellow',
  bad: 'red',
  strong: 'bold',
  faint: 'dim',
  accent: 'cyan',
} as const satisfies Readonly<Record<Style, string>>;

/** Returns every text unchanged. */
export const unpainted: Paint = (_, text) => text;

const painted: Paint = (style, text) => styleText(FORMATS[style], text, { validateStream: false });

/**
 * Whether a stream shows colour. As in Node.js: FORCE_COLOR decides first (0 and false turn colour off), then NO_COLOR
 * with any value, then whether the stream is a terminal other than a dumb one.
 */
function showsColour(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const { FORCE_COLOR: forced, NO_COLOR: refused, TERM: terminal } = env;
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  if (refused !== undefined && refused !== '') return false;
  return isTty && terminal !== 'dumb';
}

/** The paint of a stream. */
export function paintFor(isTty: boolean, env: Readonly<Record<string, string | undefined>>): Paint {
  return showsColour(isTty, env) ? painted : unpainted;
}
