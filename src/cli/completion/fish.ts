import type { Completed, CompletionModel } from './model.ts';

/** Writes the completion of fish, 3.0 or later, with descriptions. */
export function fishCompletion({ commands, scenarios }: CompletionModel): string {
  const names = scenarios.map(({ name }) => name).join(' ');
  const measuring = commands.filter((command) => command.takesScenario).map(({ name }) => name);
  const seen = (words: readonly string[] | string) =>
    `__fish_seen_subcommand_from ${[words].flat().join(' ')}`;
  const rows = commands.flatMap(({ name, flags }) => flags.map((flag) => ({ name, flag })));
  const flagLines = [...Map.groupBy(rows, ({ flag }) => flagArguments(flag))].map(
    ([args, group]) => `complete -c sockbench -n '${seen(group.map(({ name }) => name))}' ${args}`,
  );
  const scenarioLines = scenarios.flatMap(({ name, about, flags }) => [
    `complete -c sockbench -n '${seen(measuring)}; and not ${seen(names)}' -a ${name} -d '${about}'`,
    ...flags.map(
      (flag) => `complete -c sockbench -n '${seen(measuring)}; and ${seen(name)}' ${flagArguments(flag)}`,
    ),
  ]);
  const operandLines = commands
    .filter(({ operand, takesScenario }) => operand !== null && !takesScenario)
    .map(
      ({ name, operandValues }) =>
        `complete -c sockbench -n '${seen(name)}' ${valueArguments(operandValues)}`,
    );
  return `${[
    '# Completion of sockbench for fish. To use it: sockbench completion fish | source',
    'complete -c sockbench -f',
    "complete -c sockbench -n __fish_use_subcommand -l help -d 'show the commands'",
    "complete -c sockbench -n __fish_use_subcommand -l version -d 'print the version'",
    ...commands.map(
      ({ name, about }) => `complete -c sockbench -n __fish_use_subcommand -a ${name} -d '${about}'`,
    ),
    ...scenarioLines,
    `complete -c sockbench -n '${seen(measuring)}; and not ${seen(names)}' -F`,
    ...operandLines,
    ...flagLines,
  ].join('\n')}\n`;
}

function flagArguments(flag: CompletionModel['commands'][number]['flags'][number]): string {
  const { flag: name, value, about } = flag;
  const values = value === null ? '' : ` ${flag.paths ? '-r' : '-x'} ${valueArguments(flag)}`.trimEnd();
  return `-l ${name.slice(2)} -d '${about}'${values}`;
}

function valueArguments({ words, paths, isList }: Completed): string {
  const list = words.join(' ');
  const given = words.length === 0 ? [] : [isList ? `-a '(__fish_append , ${list})'` : `-a '${list}'`];
  return [...given, ...(paths ? ['-F'] : [])].join(' ');
}
