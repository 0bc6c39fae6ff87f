import type { Plan } from './plan.js';
import { runPlan } from './run-history.js';
import type { Step } from './step.js';
import type { Invariant, Violation } from './violation.js';

/** Histories that one search runs at most. */
const MAX_RUNS = 400;

export interface Shrunk {
  readonly plan: Plan;
  readonly violation: Violation;
  readonly runs: number;
}

/**
 * The shortest plan that can be found that breaks the same invariant: first without kinds of
 * faults, then with fewer and fewer steps, by delta debugging (Zeller, Hildebrandt, "Simplifying
 * and Isolating Failure-Inducing Input", 2002).
 */
export async function shrinkPlan(failing: Plan, violation: Violation): Promise<Shrunk> {
  const search = new Search(failing, violation);
  await search.dropRates();
  await search.dropSteps();
  await search.dropRates();
  return search.found;
}

class Search {
  #best: Shrunk;
  #runs = 0;
  readonly #invariant: Invariant;

  constructor(plan: Plan, violation: Violation) {
    this.#invariant = violation.invariant;
    this.#best = { plan, violation, runs: 0 };
  }

  get found(): Shrunk {
    return { ...this.#best, runs: this.#runs };
  }

  async dropRates(): Promise<void> {
    for (const name of Object.keys(this.#best.plan.rates)) {
      const { plan } = this.#best;
      await this.#tries({ ...plan, rates: { ...plan.rates, [name]: 0 } });
    }
    const { plan } = this.#best;
    await this.#tries({ ...plan, maxLatencyMs: 0 });
    await this.#tries({ ...this.#best.plan, clockErrorsMs: [] });
    await this.#tries({ ...this.#best.plan, prefill: 0 });
  }

  async dropSteps(): Promise<void> {
    let size = Math.ceil(this.#best.plan.steps.length / 2);
    while (size >= 1 && this.#runs < MAX_RUNS) {
      const isShorter = await this.#dropChunks(size);
      if (size === 1 && !isShorter) break;
      size = isShorter && size === 1 ? 1 : Math.floor(size / 2);
    }
  }

  async #dropChunks(size: number): Promise<boolean> {
    let isShorter = false;
    for (let from = 0; from < this.#best.plan.steps.length;) {
      const { plan } = this.#best;
      const steps: Step[] = plan.steps.filter((_, at) => at < from || at >= from + size);
      if (await this.#tries({ ...plan, steps })) isShorter = true;
      else from += size;
    }
    return isShorter;
  }

  async #tries(plan: Plan): Promise<boolean> {
    if (this.#runs >= MAX_RUNS) return false;
    this.#runs += 1;
    const { violation } = await runPlan(plan);
    if (violation?.invariant !== this.#invariant) return false;
    this.#best = { plan, violation, runs: this.#runs };
    return true;
  }
}
