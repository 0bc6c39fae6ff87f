import { findChromium, findJava, type Prerequisite } from './prerequisites.js';

/** A vitest project and the programs of the machine that it cannot run without. */
interface Suite {
  project: string;
  needs: readonly (() => Prerequisite)[];
}

const suites: readonly Suite[] = [
  { project: 'unit', needs: [] },
  { project: 'rules', needs: [findJava] },
  { project: 'emulators', needs: [findJava] },
  { project: 'browser', needs: [findJava, findChromium] },
];

export interface SuitePlan {
  projects: string[];
  leftOut: { suite: string; sentence: string }[];
}

/** Which suites can run here, and what the others miss. */
export function planSuites(all: readonly Suite[] = suites): SuitePlan {
  const plan: SuitePlan = { projects: [], leftOut: [] };
  for (const { project, needs } of all) {
    const missing = needs.map((find) => find()).find((result) => !result.found);
    if (missing === undefined) plan.projects.push(project);
    else plan.leftOut.push({ suite: project, sentence: missing.sentence });
  }
  return plan;
}
