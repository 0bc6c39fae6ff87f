import { describe, expect, it } from 'vitest';
import { createMemoryEnvironment } from './memory-environment.js';
import { describeRemoteLog } from './remote-log-contract.js';

describeRemoteLog({ describe, it, expect }, 'in memory', createMemoryEnvironment);
