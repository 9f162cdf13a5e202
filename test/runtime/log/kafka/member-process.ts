// A process for tests to kill and to stop: a member of a group that prints each assignment.
import { writeSync } from 'node:fs';
import { silentTelemetry } from '../../../../runtime/contracts/telemetry.ts';
import { createMembership } from '../../../../runtime/log/kafka/membership.ts';
import { membershipOptions } from './membership-under-test.ts';

const [bootstrap = '', prefix = ''] = process.argv.slice(2);
const say = (line: string): void => void writeSync(1, `${line}\n`);

const membership = createMembership({
  ...membershipOptions(bootstrap, prefix),
  telemetry: silentTelemetry,
  assigned: (partitions) => say(`assigned ${[...partitions].join(',')}`),
  failed: (error) => say(`failed ${error.name}`),
});
await membership.start(new AbortController().signal);
