import { describe, expect, it } from 'vitest';
import { processTable } from '../../src/report/content/process-table.ts';
import type { Table } from '../../src/report/content/table.ts';
import type { RunResult } from '../../src/result/run-result.ts';
import { results } from './fixture.ts';

function tableOf(result: RunResult): Table {
  const table = processTable(result);
  if (table === null) throw new Error('no process was sampled');
  return table;
}

/** The cells of a row by the titles of their columns. */
function rowOf({ headings, rows }: Table, process: string): Record<string, string | undefined> {
  const row = rows.find(([role]) => role === process);
  return Object.fromEntries(headings.map(({ title }, column) => [title, row?.[column]]));
}

describe('the table of processes', () => {
  it('has a row for each process, the server first', () => {
    expect(tableOf(results.valid()).rows.map(([role]) => role)).toEqual(['server', 'generator 1']);
    expect(tableOf(results.cluster()).rows.map(([role]) => role)).toEqual([
      'server 1',
      'server 2',
      'server 3',
      'generator 1',
    ]);
  });

  it('shows a dash for what is not known of a process', () => {
    const row = rowOf(tableOf(results.foreign()), 'server');
    for (const title of ['loop', 'work', 'delay p99', 'delay max', 'GC', 'GC max', 'buffered']) {
      expect(row[title]).toBe('-');
    }
    expect(Number(row['CPU'])).toBeGreaterThan(0);
    expect(Number(row['RSS'])).toBeGreaterThan(0);
  });

  it('is left out when no process was sampled', () => {
    expect(processTable(results.empty())).toBeNull();
  });
});
