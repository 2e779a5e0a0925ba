/**
 * The characters that a terminal or a browser would not show as they are, but line breaks: control characters,
 * bidirectional, invisible and tag characters, noncharacters and lone surrogates. Written independently of
 * src/foreign.ts.
 */
export function unsafeCharacters(text: string): string[] {
  return [...text].filter((character) => {
    const code = character.codePointAt(0) ?? 0;
    const within = (from: number, to: number) => code >= from && code <= to;
    return (
      (within(0, 0x1f) && character !== '\n') ||
      within(0x7f, 0x9f) ||
      [0xad, 0x61c, 0xfeff, 0x2028, 0x2029].includes(code) ||
      within(0x200b, 0x200f) ||
      within(0x202a, 0x202e) ||
      within(0x2060, 0x206f) ||
      within(0xfe00, 0xfe0e) ||
      within(0xd800, 0xdfff) ||
      within(0xe0000, 0xe0fff) ||
      (code & 0xfffe) === 0xfffe
    );
  });
}

/** Names of all workflow commands of GitHub. Source: the extensions of actions/runner. */
export const GITHUB_COMMANDS = [
  ...[
    'add-mask',
    'add-matcher',
    'add-path',
    'debug',
    'echo',
    'endgroup',
    'error',
    'group',
    'notice',
    'warning',
  ],
  ...['internal-set-repo-path', 'remove-matcher', 'save-state', 'set-env', 'set-output', 'stop-commands'],
];

/** What CI systems interpret in a log, in lower case. */
const MARKS = [
  ...['##[', '##vso[', '##teamcity[', 'section_start:', 'section_end:'],
  ...GITHUB_COMMANDS.map((name) => `::${name}`),
];

/** The marks of workflow commands in a text. */
export function workflowCommands(text: string): string[] {
  const lower = text.toLowerCase();
  return MARKS.filter((mark) => lower.includes(mark));
}
