import type { Capacity, CapacityStep, ObjectiveFigure } from '../../result/capacity.ts';
import { FIGURES, type FigureName } from '../../result/metrics.ts';
import { NO_BOUNDS } from '../../result/quantile-bounds.ts';
import { pastedCommand } from '../../text.ts';
import { formatMinute } from '../../units.ts';
import { type Block, detailsBlock, type Report, tableBlock } from '../blocks.ts';
import { capacityCharts } from './capacity-charts.ts';
import {
  answerSeverity,
  answerText,
  capacityAdvice,
  firstResult,
  OUTCOME_WORDS,
  reasonsOfStep,
  searchFacts,
  serverName,
} from './capacity-verdict.ts';
import { footerText } from './run.ts';
import { environmentFacts, loadText, planFacts } from './run-facts.ts';
import { versionsText } from './run-opening.ts';
import { type CellValue, type Column, column, tabulate } from './table.ts';

type StepColumn = Column<CapacityStep>;

/** The value of one objective and its interval, in one unit. */
function objectiveColumn({ expression, metric, unit }: ObjectiveFigure): StepColumn {
  const figureOf = ({ figures }: CapacityStep) => figures.find((each) => each.expression === expression);
  const value = (step: CapacityStep) => figureOf(step)?.value ?? null;
  const isSilent = (step: CapacityStep) => unit === 'count' && value(step) === 0;
  const interval = (step: CapacityStep) => figureOf(step) ?? NO_BOUNDS;
  return column(expression, metric, unit, `objective: ${expression}`, value, {
    unitGroup: metric,
    isSilent,
    interval,
  });
}

function figureOfStep(name: FigureName): StepColumn {
  const { title, unit, meaning, value } = FIGURES[name];
  return column(name, title, unit, meaning, ({ result }) => (result === null ? null : value(result)));
}

/** Codes of the reasons. That an objective was missed is left out beside other codes: the values show it. */
function reasonCodes({ reasons }: CapacityStep): CellValue {
  const codes = [...new Set(reasons.map(({ code }) => code))];
  const others = codes.filter((code) => code !== 'objective_missed');
  return (others.length === 0 ? codes : others).join(', ') || null;
}

function stepColumns(capacity: Capacity): StepColumn[] {
  const { design, steps } = capacity;
  const figures = steps.find((step) => step.figures.length > 0)?.figures ?? [];
  return [
    column(
      'phase',
      'phase',
      'text',
      'doubling until a run fails, bisecting, confirming',
      ({ phase }) => phase,
    ),
    column(
      'value',
      design.vary,
      design.vary === 'rate' ? 'rate' : 'count',
      'the value of this run',
      (step) => step.value,
    ),
    column('outcome', 'outcome', 'text', 'of this run', ({ outcome }) => OUTCOME_WORDS[outcome]),
    ...figures.map(objectiveColumn),
    figureOfStep('server_cpu'),
    figureOfStep('server_loop_utilization'),
    figureOfStep('generator_utilization'),
    column('why', 'why', 'text', 'codes of the reasons why the run did not pass', reasonCodes),
    column(
      'reasons',
      'reasons',
      'text',
      'every reason why the run did not pass',
      (step) => reasonsOfStep(step) || null,
      { isProse: true },
    ),
  ];
}

/** The answer in a word. */
const ANSWER_WORDS: Readonly<Record<Capacity['answer']['kind'], string>> = {
  found: 'FOUND',
  at_least: 'AT LEAST',
  below_start: 'BELOW START',
  unstable: 'UNSTABLE',
  inconclusive: 'INCONCLUSIVE',
  interrupted: 'PARTIAL',
};

/** The top of the page of a search. */
function capacityOpening(capacity: Capacity): Block {
  const { design, steps, answer, startedAt } = capacity;
  const result = firstResult(capacity);
  const { commandLine } = result?.environment ?? { commandLine: [] };
  return {
    kind: 'opening',
    severity: answerSeverity(capacity),
    word: ANSWER_WORDS[answer.kind],
    conclusion: answerText(capacity).replace(/^(below start|unstable|PARTIAL, interrupted): /, ''),
    caveats: capacity.notes.map(({ message }) => message),
    thresholds: [],
    notes: capacityAdvice(capacity).map((advice) => `next: ${advice}`),
    tested: [
      ['scenario', result?.plan.scenario ?? '-'],
      ['target', serverName(capacity)],
      ['objective', `${design.objectives.join(' and ')}, lost at most ${design.lost}`],
      ['load', result === null ? '-' : `of the first run: ${loadText(result)}`],
      ['runs', String(steps.length)],
      ['versions', result === null ? '-' : versionsText([result])],
      ['measured', `${formatMinute(startedAt)} UTC`],
    ],
    command: pastedCommand(commandLine),
    blocks: [],
    appendix: [],
  };
}

/** The report of a capacity search: the answer, the search, charts over the parameter, and every run. */
export function capacityReport(capacity: Capacity): Report {
  const result = firstResult(capacity);
  const what = `${result?.plan.scenario ?? 'capacity'} on ${serverName(capacity)}`;
  const plan: Block[] =
    result === null
      ? []
      : [
          { kind: 'facts', title: 'Plan', facts: planFacts(result) },
          { kind: 'facts', title: 'Environment', facts: environmentFacts(result) },
        ];
  return {
    title: `capacity: ${what} - sockbench`,
    blocks: [
      {
        kind: 'verdict',
        severity: answerSeverity(capacity),
        text: answerText(capacity),
        notes: [
          ...capacity.notes.map(({ message }) => `note: ${message}`),
          ...capacityAdvice(capacity).map((advice) => `next: ${advice}`),
        ],
      },
      capacityOpening(capacity),
      { kind: 'heading', text: `Capacity: ${what}` },
      { kind: 'facts', title: 'Search', facts: searchFacts(capacity) },
      { kind: 'charts', title: '', group: { form: 'dots', charts: capacityCharts(capacity) }, text: [] },
      ...tableBlock('Every run', tabulate(stepColumns(capacity), capacity.steps)),
      ...detailsBlock('Plan of the first run, and environment', 'markdown', plan),
    ],
    footer: footerText([capacity]),
  };
}
