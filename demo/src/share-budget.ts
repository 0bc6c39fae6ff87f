import { listNames, withEach, type Group, type Person, type Player } from './people/group.js';
import type { Progress } from './report/progress.js';
import type { Services } from './start-services.js';

export interface SharedBudget {
  readonly group: Group;
  /** Whose safety numbers were not the same, in sentences. */
  readonly differences: readonly string[];
}

/**
 * Everybody signs in and unlocks an identity under a passphrase of their own; Ana creates the
 * budget, and lets each of the others in by a link.
 */
export async function shareBudget(
  players: readonly Player[],
  { projectId, authUrl, firestore, signalingUrl }: Services,
  progress: Progress,
): Promise<SharedBudget> {
  progress.begin(`${listNames(players)} sign in`);
  const everybody = await withEach(players, async (player): Promise<Person> => {
    const email = `${player.name.toLowerCase()}@example.test`;
    const place = { projectId, authUrl, firestore };
    return { ...player, ...(await player.process.ask('signUp', { email, ...place })) };
  });
  progress.begin('Each makes an identity under an own passphrase (Argon2id, 64 MiB)');
  const count = (done: number, total: number): void => progress.advance(done, total);
  await withEach(everybody, ({ process }) => process.ask('unlock', { signalingUrl }), count);

  const [ana, ben, ...others] = everybody;
  if (!ana || !ben) throw new Error('It takes two to share a budget.');
  const newcomers = [ben, ...others];
  const { name } = ana;
  progress.begin(
    newcomers.length === 1
      ? `${name} creates a budget and sends ${ben.name} a link, who opens it`
      : `${name} creates a budget and sends each of the others a link, who open it`,
  );
  const { budgetId } = await ana.process.ask('createBudget', {});
  for (const [index, { process, role }] of newcomers.entries()) {
    const { link } = await ana.process.ask('createInvite', { role });
    await process.ask('acceptInvite', { link });
    count(index + 1, newcomers.length);
  }
  progress.begin(`All know that ${listNames(everybody)} are in`);
  const uids = everybody.map(({ uid }) => uid);
  await withEach(everybody, ({ process }) => process.ask('whenMembers', { uids }), count);
  const differences = await compareSafetyNumbers(ana, newcomers, progress);
  return { group: { budgetId, ana, ben, everybody }, differences };
}

/** As people do who read the digits to each other. */
async function compareSafetyNumbers(
  ana: Person,
  newcomers: readonly Person[],
  progress: Progress,
): Promise<string[]> {
  const differences: string[] = [];
  for (const newcomer of newcomers) {
    const [hers, theirs] = await Promise.all([
      ana.process.ask('safetyNumber', { uid: newcomer.uid }),
      newcomer.process.ask('safetyNumber', { uid: ana.uid }),
    ]);
    const names = listNames([ana, newcomer]);
    if (hers.digits !== theirs.digits) {
      differences.push(`${names} see different safety numbers.`);
      continue;
    }
    progress.note(`  ${names} both see the safety number ${hers.digits}`);
    await ana.process.ask('markVerified', { uid: newcomer.uid });
    await newcomer.process.ask('markVerified', { uid: ana.uid });
  }
  return differences;
}
