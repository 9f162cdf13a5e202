// The contract on the embedded log.
import { recordLogContract } from '../record-log-contract.ts';
import { taskContract } from '../task-contract.ts';
import { openTemporaryLog } from './temporary-log.ts';

recordLogContract('embedded log', openTemporaryLog);
taskContract('embedded log', openTemporaryLog);
