/** The suite of a local store where there is no test runner: in a page. */
import { describeLocalStore, type LocalStoreFixture } from '@sealsync/sdk/testing';

export interface CheckOutcome {
  readonly name: string;
  readonly failure?: string;
}

/** Runs every check, and tells of each what it failed with. */
export async function runContract(
  make: () => LocalStoreFixture | Promise<LocalStoreFixture>,
): Promise<CheckOutcome[]> {
  const checks: { name: string; run: () => Promise<void> }[] = [];
  const describe = (_: string, run: () => void): void => {
    run();
  };
  const it = (name: string, run: () => Promise<void>): void => {
    checks.push({ name, run });
  };
  describeLocalStore({ describe, it, expect }, 'a page', make);
  const outcomes: CheckOutcome[] = [];
  for (const { name, run } of checks) {
    try {
      await run();
      outcomes.push({ name });
    } catch (error) {
      outcomes.push({ name, failure: String(error) });
    }
  }
  return outcomes;
}

const expect = (actual: unknown): { toEqual: (expected: unknown) => void } => ({
  toEqual: (expected) => {
    const [is, shouldBe] = [actual, expected].map((value) => JSON.stringify(spell(value)));
    if (is !== shouldBe) throw new Error(`${String(is)} should be ${String(shouldBe)}`);
  },
});

/** What is equal is spelled alike; what is undefined does not count. */
function spell(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (value instanceof Map) return { map: [...value].map((entry) => entry.map(spell)) };
  if (Array.isArray(value)) return value.map(spell);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(entries.map(([name, item]) => [name, spell(item)]));
}
