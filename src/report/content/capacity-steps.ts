import type { Capacity, CapacityStep, ObjectiveFigure } from '../../result/capacity.ts';
import { FIGURES, type FigureName } from '../../result/metrics.ts';
import { reasonsText } from './capacity-words.ts';
import { type Cell, type Column, column, type Table, tabulate } from './table.ts';

type StepColumn = Column<CapacityStep>;

/** How outcomes are called in reports. */
export const OUTCOME_WORDS = { passed: 'passed', failed: 'FAILED', excluded: 'not counted' } as const;

function figureIn(step: CapacityStep, expression: string): ObjectiveFigure | undefined {
  return step.figures.find((figure) => figure.expression === expression);
}

/** The value of one objective, and its upper bound where it has one, in one unit. */
function objectiveColumns({ expression, metric, unit }: ObjectiveFigure): StepColumn[] {
  const of = (pick: (figure: ObjectiveFigure) => number | null) => (step: CapacityStep) => {
    const figure = figureIn(step, expression);
    return figure === undefined ? null : pick(figure);
  };
  const isQuiet = metric === 'failed';
  const value = column<CapacityStep>(
    expression,
    metric,
    unit,
    `has to keep ${expression}`,
    of(({ value }) => value),
  );
  const upper = column<CapacityStep>(
    `${expression} upper`,
    'upper bound',
    unit,
    `of ${metric}: the true quantile is lower in 95 of 100 runs`,
    of(({ upper }) => upper),
  );
  return [value, upper].map((each) => ({
    ...each,
    unitGroup: metric,
    isSilent: (step: CapacityStep) => isQuiet && each.value(step) === 0,
  }));
}

function figureColumn(name: FigureName): StepColumn {
  const { title, unit, meaning, value } = FIGURES[name];
  return column(name, title, unit, meaning, ({ result }) => (result === null ? null : value(result)));
}

/** Codes for a terminal, where sentences do not fit into a row. */
function shortReasons({ reasons }: CapacityStep): Cell {
  const codes = [...new Set(reasons.map(({ code }) => code))];
  return codes.length === 0 ? null : codes.join(', ');
}

function stepColumns({ design, steps }: Capacity, why: StepColumn): StepColumn[] {
  const figures = steps.find((step) => step.figures.length > 0)?.figures ?? [];
  const value = column<CapacityStep>(
    'value',
    design.vary,
    design.vary === 'rate' ? 'rate' : 'count',
    'what was tried',
    (step) => step.value,
  );
  return [
    column('phase', 'phase', 'text', 'doubling until it fails, bisecting, confirming', ({ phase }) => phase),
    value,
    column('outcome', 'outcome', 'text', 'of this one run', ({ outcome }) => OUTCOME_WORDS[outcome]),
    ...figures.flatMap(objectiveColumns),
    figureColumn('server_cpu'),
    figureColumn('server_loop_utilization'),
    figureColumn('generator_utilization'),
    why,
  ];
}

/** One row for each run, in their order; reasons as short as can be. */
export function stepsTable(capacity: Capacity): Table {
  const why = column<CapacityStep>('why', 'why', 'text', 'it did not pass', shortReasons);
  return tabulate(stepColumns(capacity, why), capacity.steps);
}

/** The same with every reason in full. */
export function explainedStepsTable(capacity: Capacity): Table {
  const why = column<CapacityStep>(
    'why',
    'why',
    'text',
    'it did not pass',
    (step) => reasonsText(step) || null,
  );
  return tabulate(stepColumns(capacity, why), capacity.steps);
}
