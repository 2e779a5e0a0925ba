import type { CompletionModel } from './model.ts';

/** Writes the completion of bash, 3.2 or later. It starts no process: every word is in the script. */
export function bashCompletion({ commands, scenarios }: CompletionModel): string {
  const names = scenarios.map(({ name }) => name).join('|');
  const commandLines = commands.flatMap(({ name, flags, operandValues, takesScenario }) => [
    `    ${name})`,
    `      flags='${flags.map(({ flag }) => flag).join(' ')}'`,
    `      operands='${operandValues.words.join(' ')}' paths=${operandValues.paths ? 1 : ''} single=${takesScenario ? 1 : ''} ;;`,
  ]);
  const scenarioLines = scenarios
    .filter(({ flags }) => flags.length > 0)
    .map(({ name, flags }) => `    ${name}) flags="$flags ${flags.map(({ flag }) => flag).join(' ')}" ;;`);
  return `# Completion of sockbench for bash. To use it: source <(sockbench completion bash)
_sockbench() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev='' command='' scenario='' word i
  local flags='' operands='' values='' paths='' single='' takes='' list=''
  COMPREPLY=()
  prev=\${COMP_WORDS[COMP_CWORD - 1]}
  # bash makes "--flag=value" three words.
  if [ "$cur" = '=' ]; then cur=''; elif [ "$prev" = '=' ]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    if [ -z "$command" ]; then
      case $word in -*) ;; *) command=$word ;; esac
    else
      case $word in ${names}) scenario=\${scenario:-$word} ;; esac
    fi
  done
  case $command in
    '') operands='${commands.map(({ name }) => name).join(' ')}' flags='--help --version' ;;
${commandLines.join('\n')}
    *) return ;;
  esac
  case $scenario in
${scenarioLines.join('\n')}
  esac
  if [ -n "$command" ]; then
    case "$command:$prev" in
${valueLines({ commands, scenarios }).join('\n')}
    esac
  fi
  if [ -n "$takes" ]; then
    operands=$values
  else
    case $cur in
      -*) operands=$flags paths='' ;;
      *) if [ -n "$single" ] && [ -n "$scenario" ]; then operands=$flags paths=''; fi ;;
    esac
    list=''
  fi
  local before=''
  if [ -n "$list" ]; then
    case $cur in *,*) before=\${cur%,*}, cur=\${cur##*,} ;; esac
  fi
  COMPREPLY=($(compgen -P "$before" -W "$operands" -- "$cur"))
  if [ -n "$paths" ]; then
    local IFS=$'\\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen -f -- "$cur"))
  fi
}
complete -F _sockbench sockbench
`;
}

/** Says what follows each flag that takes a value. Flags with the same values share a line. */
function valueLines({ commands, scenarios }: CompletionModel): string[] {
  const ofCommands = commands.flatMap(({ name, flags }) =>
    flags.map((flag) => [`${name}:${flag.flag}`, flag] as const),
  );
  const ofScenarios = scenarios.flatMap(({ flags }) =>
    flags.map((flag) => [`*:${flag.flag}`, flag] as const),
  );
  const entries = [...ofCommands, ...ofScenarios].filter(([, { value }]) => value !== null);
  const groups = Map.groupBy(
    entries,
    ([, { words, paths, isList }]) =>
      `values='${words.join(' ')}' paths=${paths ? 1 : ''} list=${isList ? 1 : ''} takes=1`,
  );
  return [...groups].map(
    ([effect, group]) => `      ${[...new Set(group.map(([pattern]) => pattern))].join('|')}) ${effect} ;;`,
  );
}
