import type { Completed, CompletedFlag, CompletionModel } from './model.ts';

/** Writes the completion of zsh, with descriptions. It works from a folder of fpath, and when it is sourced. */
export function zshCompletion({ commands, scenarios }: CompletionModel): string {
  const isScenario = scenarios.map(({ name }) => name).join('|');
  const described = (items: ReadonlyArray<{ readonly name: string; readonly about: string }>) =>
    items.map(({ name, about }) => `    '${name}:${about}'`).join('\n');
  const cases = commands.map(({ name, flags, operand, operandValues, takesScenario }) => {
    const values = takesScenario ? '_sockbench_scenarios' : actionOf(operandValues);
    const operandSpec = operand === null ? [] : [`'${takesScenario ? 1 : '*'}:${operand}:${values}'`];
    return `    ${name}) specs=(\n      ${[...flags.map(specOf), ...operandSpec].join('\n      ')}\n    ) ;;`;
  });
  const scenarioCases = scenarios
    .filter(({ flags }) => flags.length > 0)
    .map(({ name, flags }) => `    ${name}) specs+=(\n      ${flags.map(specOf).join('\n      ')}\n    ) ;;`);
  return `#compdef sockbench
# Completion of sockbench for zsh. To use it: source <(sockbench completion zsh), after compinit.
_sockbench_scenarios() {
  local -a names=(
${described(scenarios)}
  )
  _describe -t scenarios scenario names
  _files
}
_sockbench() {
  local curcontext="$curcontext" state word scenario
  local -a line specs commands
  typeset -A opt_args
  commands=(
${described(commands)}
  )
  _arguments -C '--help[show the commands]' '--version[print the version]' '1:command:->command' '*::argument:->argument'
  if [[ $state == command ]]; then
    _describe -t commands command commands
    return
  fi
  [[ $state == argument ]] || return
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case $word in ${isScenario}) scenario=\${scenario:-$word} ;; esac
  done
  case $words[1] in
${cases.join('\n')}
    *) return ;;
  esac
  case $scenario in
${scenarioCases.join('\n')}
  esac
  _arguments $specs
}
if [[ $funcstack[1] == _sockbench ]]; then _sockbench "$@"; else compdef _sockbench sockbench; fi
`;
}

function specOf(flag: CompletedFlag): string {
  const { flag: name, value, about, isRepeated } = flag;
  const values = value === null ? '' : `:${value}:${actionOf(flag)}`;
  return `'${isRepeated ? '*' : ''}${name}${value === null ? '' : '='}[${about}]${values}'`;
}

function actionOf({ words, paths, isList }: Completed): string {
  if (words.length === 0) return paths ? '_files' : ' ';
  const list = words.join(' ');
  if (isList) return `_sequence compadd - ${list}`;
  return paths ? `{compadd - ${list}; _files}` : `(${list})`;
}
