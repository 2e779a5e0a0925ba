import { EXIT, messageOf } from '../errors.ts';
import { type ArtilleryEvents, artilleryGlobal } from './artillery-facts.ts';
import type { FlowStep } from './flow.ts';
import { type ArtilleryScript, ENGINE_NAME, flowsOf } from './settings.ts';
import { type FlowHost, FlowUser } from './user.ts';
import { currentThread } from './worker-thread.ts';

/** The parts of Artillery's helpers that are used. */
interface ArtilleryHelpers {
  template(value: unknown, context: unknown): unknown;
}

interface ArtilleryContext {
  readonly vars: Record<string, unknown>;
}

type ScenarioOfArtillery = (
  context: ArtilleryContext,
  callback: (error: unknown, context: ArtilleryContext) => void,
) => void;

const NEEDS_PLUGIN = 'the engine sockbench needs its plugin; add plugins: { sockbench: {} } to config';

/**
 * The engine as Artillery loads it. It runs each virtual user over the drivers of sockbench and records what it sends and
 * receives; the plugin makes one result of what all threads recorded.
 */
export class SockbenchEngine {
  readonly #script: ArtilleryScript;
  readonly #helpers: ArtilleryHelpers;

  constructor(script: ArtilleryScript, _events: unknown, helpers: ArtilleryHelpers) {
    this.#script = script;
    this.#helpers = helpers;
  }

  createScenario(scenario: Record<string, unknown>, events: ArtilleryEvents): ScenarioOfArtillery {
    const flow = this.#flowOf(scenario);
    return (context, callback) => {
      events.emit('started');
      this.#run(flow, context, events).then(
        () => callback(null, context),
        (error) => {
          events.emit('error', messageOf(error));
          callback(error, context);
        },
      );
    };
  }

  /** The checked steps, or what is wrong with them, which every user then fails with. */
  #flowOf(scenario: Record<string, unknown>): readonly FlowStep[] | Error {
    try {
      const script = {
        ...this.#script,
        config: { ...this.#script.config, engine: ENGINE_NAME },
        scenarios: [scenario],
      };
      const [flow = []] = flowsOf(script).values();
      return currentThread() === null ? new Error(NEEDS_PLUGIN) : flow;
    } catch (error) {
      return error instanceof Error ? error : new Error(messageOf(error));
    }
  }

  async #run(
    flow: readonly FlowStep[] | Error,
    context: ArtilleryContext,
    events: ArtilleryEvents,
  ): Promise<void> {
    if (flow instanceof Error) {
      // Artillery would end with 0 although every user fails.
      artilleryGlobal()?._workerThreadSend?.({ event: 'setSuggestedExitCode', code: EXIT.usage });
      throw flow;
    }
    const worker = currentThread();
    if (worker === null) throw new Error(NEEDS_PLUGIN);
    const { thread, schedules, connect } = await worker.ready;
    worker.reportTo(events);
    const host: FlowHost = {
      connect,
      fill: (value) => this.#helpers.template(value, context),
      log: (text) => console.log(text),
      vars: context.vars,
    };
    try {
      await new FlowUser(thread, schedules, host).run(flow);
    } finally {
      // Artillery ends when its last user does; what it should show must have reached it by then.
      if (thread.running === 0) thread.report();
    }
  }
}
