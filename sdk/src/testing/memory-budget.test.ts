import { describe, expect, it } from 'vitest';
import { describeBudgetExits } from './budget-exits-contract.js';
import { describeBudgetList } from './budget-list-contract.js';
import { describeInviteDirectory } from './invite-directory-contract.js';
import { createMemoryEnvironment } from './memory-environment.js';
import { describeSnapshotStorage } from './snapshot-storage-contract.js';
import { describeWrappedKeys } from './wrapped-keys-contract.js';

const functions = { describe, it, expect };

describeWrappedKeys(functions, 'in memory', createMemoryEnvironment);
describeInviteDirectory(functions, 'in memory', createMemoryEnvironment);
describeBudgetExits(functions, 'in memory', createMemoryEnvironment);
describeBudgetList(functions, 'in memory', createMemoryEnvironment);
describeSnapshotStorage(functions, 'in memory', createMemoryEnvironment);
