import type { Group } from './people/group.js';

const MEASURED_EDITS = 50;

/** From Ana's call to Ben's subscriber, in ms, for edits of which each waits for the one before. */
export async function measureEdits(
  { ana, ben }: Group,
  onProgress: (done: number, total: number) => void,
): Promise<number[]> {
  const latenciesMs: number[] = [];
  for (let number = 1; number <= MEASURED_EDITS; number += 1) {
    const note = { row: 0, memo: `Note ${number}` };
    await ben.process.ask('watchNote', note);
    const [{ calledAtMs }, { seenAtMs }] = await Promise.all([
      ana.process.ask('editNote', note),
      ben.process.ask('whenSeen', {}),
    ]);
    latenciesMs.push(seenAtMs - calledAtMs);
    onProgress(number, MEASURED_EDITS);
  }
  return latenciesMs;
}
