import { arrowCode, type Code, callCode, commentCode, flat, layOut, literal } from './code.ts';
import type { ConnectOptionsPart, ExpectedAnswer, ImportedScript, Step, StepOf } from './model.ts';
import { noteText } from './notes.ts';
import { openCode } from './print-connect.ts';
import { argumentsCode, isSameCode, loopHead, messageCode, nextArgs } from './print-parts.ts';
import { camelCase, isUsed, namespacesIn, reopenedIn, seriesNameOf } from './step-facts.ts';
import { atCode, type ValueWriter, variablesIn } from './templates.ts';

/** Writes the steps of one flow as the body of an async function with `user` and `vars`. */
export class StepPrinter {
  readonly #script: ImportedScript;
  readonly #writer: ValueWriter;
  /** Own series and their meanings. */
  readonly series: Map<string, string>;
  readonly #connections = new Map<string, string>();
  #names = new Set<string>();
  #lines: string[] = [];
  /** Names that are connected more than once. */
  #reopened = new Set<string>();

  constructor(script: ImportedScript, writer: ValueWriter, series: Map<string, string>) {
    this.#script = script;
    this.#writer = writer;
    this.series = series;
  }

  print(steps: readonly Step[], indent: number): string[] {
    this.#connections.clear();
    this.#names = new Set();
    this.#lines = [];
    this.#reopened = reopenedIn(steps);
    const { engine } = this.#script;
    const [first] = steps;
    // The engine socketio always enters the main namespace first.
    if (engine === 'socketio') this.#open('', {}, indent);
    if (engine === 'ws' && first?.kind !== 'connect') this.#open('', {}, indent);
    for (const step of steps) this.#step(step, indent);
    return this.#lines;
  }

  #step(step: Step, indent: number): void {
    for (const note of step.notes) this.#lines.push(...commentCode(noteText(note), indent));
    switch (step.kind) {
      case 'note':
        return;
      case 'connect':
        this.#open(step.namespace, step.options, indent);
        return;
      case 'emit':
        this.#emit(step, indent);
        return;
      case 'send':
        this.#send(step, indent);
        return;
      case 'think':
        this.#think(step, indent);
        return;
      case 'log':
        this.#lines.push(layOut('', callCode('console.error', this.#writer.text(step.text)), ';', indent));
        return;
      case 'loop':
        this.#loop(step, indent);
        return;
    }
  }

  /** The variable of the connection to a namespace, which is opened when it is not. */
  #connection(namespace: string, indent: number): string {
    const known = this.#connections.get(namespace);
    if (known !== undefined) return known;
    this.#open(namespace, {}, indent);
    return this.#connections.get(namespace) ?? '';
  }

  #open(namespace: string, options: ConnectOptionsPart, indent: number): void {
    const known = this.#connections.get(namespace);
    const name =
      known ?? this.#unusedName(namespace === '' ? 'connection' : `${camelCase(namespace)}Connection`);
    this.series.set('connecting', 'start of connecting -> connected');
    const open = openCode(this.#script, namespace, options, this.#writer);
    if (known !== undefined) this.#lines.push(`${' '.repeat(indent)}await ${name}.close();`);
    const keyword = known !== undefined ? '' : this.#reopened.has(namespace) ? 'let ' : 'const ';
    this.#timed(`${keyword}${name} = `, 'connecting', open, indent);
    this.#connections.set(namespace, name);
  }

  /** Writes `BEFORE await user.time(SERIES, () => WORK);`. */
  #timed(before: string, series: string, work: Code, indent: number): void {
    const timed = callCode('await user.time', literal(series), arrowCode('', work));
    this.#lines.push(layOut(before, timed, ';', indent));
  }

  #emit({ namespace, event, args, response, acknowledge, line }: StepOf<'emit'>, indent: number): void {
    const connection = this.#connection(namespace, indent);
    const sent = [this.#writer.string(event), ...argumentsCode(this.#writer, args)];
    if (response !== null) {
      const series = this.#series(response.event, 'response', 'emitting -> the event in response');
      const emit = callCode(`${connection}.emit`, ...sent);
      this.#awaited(
        series,
        connection,
        nextArgs(this.#writer, this.#script.engine, response),
        emit,
        response,
        `the event ${response.event} (line ${line})`,
        indent,
      );
    } else if (acknowledge === null) {
      this.#lines.push(layOut('', callCode(`${connection}.emit`, ...sent), ';', indent));
    } else {
      const series = this.#series(event, 'ack', 'emitting -> acknowledgement');
      const reply = isUsed(acknowledge) ? this.#unusedName('reply') : null;
      this.#timed(
        reply === null ? '' : `const ${reply} = `,
        series,
        callCode(`${connection}.call`, ...sent),
        indent,
      );
      if (reply !== null)
        this.#check(reply, acknowledge, `the acknowledgement of ${event} (line ${line})`, indent);
    }
  }

  #send({ payload, expected, line }: StepOf<'send'>, indent: number): void {
    const connection = this.#connection('', indent);
    const emit =
      payload === undefined
        ? null
        : callCode(`${connection}.emit`, literal('message'), messageCode(this.#writer, payload));
    if (expected === null) {
      if (emit !== null) this.#lines.push(layOut('', emit, ';', indent));
      return;
    }
    this.series.set('answer', 'sending, or waiting -> the next message');
    this.#awaited(
      'answer',
      connection,
      nextArgs(this.#writer, this.#script.engine, { ...expected, data: undefined, event: 'message' }),
      emit,
      expected,
      `the message (line ${line})`,
      indent,
    );
  }

  /** Writes a step that sends, and waits for an event; listening begins before it sends. */
  #awaited(
    series: string,
    connection: string,
    { args, isChosen }: ReturnType<typeof nextArgs>,
    emit: Code | null,
    expected: ExpectedAnswer,
    what: string,
    indent: number,
  ): void {
    const used = isChosen ? { ...expected, data: undefined } : expected;
    const reply = isUsed(used) ? this.#unusedName('reply') : null;
    const before = reply === null ? '' : `const ${reply} = `;
    const next = callCode(`${connection}.next`, ...args);
    if (emit === null) {
      this.#timed(before, series, next, indent);
    } else {
      const space = ' '.repeat(indent);
      this.#lines.push(
        `${space}${before}await user.time(${literal(series)}, () => {`,
        layOut('const next = ', next, ';', indent + 2),
        layOut('', emit, ';', indent + 2),
        `${space}  return next;`,
        `${space}});`,
      );
    }
    if (reply !== null) this.#check(reply, used, what, indent);
  }

  #check(reply: string, { data, matches, captures }: ExpectedAnswer, what: string, indent: number): void {
    const about = literal(what);
    const require = (actual: string, expected: Code) => {
      this.#writer.helpers.add('requireMatch');
      this.#writer.imports.add('isDeepStrictEqual');
      this.#lines.push(layOut('', callCode('requireMatch', about, actual, expected), ';', indent));
    };
    if (typeof data === 'string') require(flat(isSameCode(this.#writer, reply, data)), 'true');
    else if (data !== undefined) {
      const own: unknown = Array.isArray(data) && data.length === 1 ? data[0] : data;
      require(reply, this.#writer.value(own));
    }
    for (const { path, value } of matches)
      require(atCode(this.#writer, reply, path), this.#writer.value(value));
    for (const { path, as } of captures) {
      this.#writer.readsVars = true;
      this.#lines.push(layOut(`vars[${literal(as)}] = `, atCode(this.#writer, reply, path), ';', indent));
    }
  }

  #think({ durationMs, jitterMs }: StepOf<'think'>, indent: number): void {
    let time =
      typeof durationMs === 'number' ? String(durationMs) : `Number(${this.#writer.text(durationMs)}) * 1000`;
    if (jitterMs > 0) {
      this.#writer.helpers.add('jittered');
      time = `jittered(${time}, ${jitterMs})`;
    }
    this.#lines.push(`${' '.repeat(indent)}await user.think(${time});`);
  }

  #loop({ rounds, body, counter, element }: StepOf<'loop'>, indent: number): void {
    const space = ' '.repeat(indent);
    // A connection that is first used within the loop is kept for all rounds.
    for (const namespace of namespacesIn(body)) this.#connection(namespace, indent);
    const read = new Set(variablesIn(body));
    const [round, each] = [
      this.#unusedName('round'),
      rounds.kind === 'over' ? this.#unusedName('element') : '',
    ];
    const inner: string[] = [];
    if (read.has(counter)) inner.push(`${space}  vars[${literal(counter)}] = ${round};`);
    if (read.has(element) && rounds.kind === 'over')
      inner.push(`${space}  vars[${literal(element)}] = ${each};`);
    if (inner.length > 0) this.#writer.readsVars = true;
    this.#lines.push(...loopHead(this.#writer, rounds, round, each, read.has(counter), indent), ...inner);
    for (const step of body) this.#step(step, indent + 2);
    this.#lines.push(`${space}}`);
  }

  #series(event: string, suffix: 'ack' | 'response', meaning: string): string {
    const name = seriesNameOf(event, suffix);
    this.series.set(name, meaning);
    return name;
  }

  #unusedName(wanted: string): string {
    let name = wanted;
    for (let number = 2; this.#names.has(name); number++) name = `${wanted}${number}`;
    this.#names.add(name);
    return name;
  }
}
