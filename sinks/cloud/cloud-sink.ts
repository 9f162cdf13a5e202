// The cloud sink: the task that keeps what the cloud is to be told until it is told, and its sender.
import type { TaskDefinition } from '../../runtime/contracts/task.ts';
import { beginAttempts, type CloudReport, settleAttempt } from './attempt-settlement.ts';
import { CloudSender } from './cloud-sender.ts';
import type { CloudSinkOptions } from './cloud-sink-options.ts';
import { CLOUD_STORES, type CloudSinkState } from './delivery-state.ts';
import { takeDocument, wakeShelf } from './document-shelf.ts';
import { takeRequest } from './request-intake.ts';

export function cloudSinkTask(options: CloudSinkOptions): TaskDefinition<CloudSinkState, CloudReport> {
  return {
    name: 'cloud-sink',
    inputs: ['cloud.requests', 'documents'],
    outputs: ['cloud.deliveries', 'dead.letters'],
    stores: CLOUD_STORES,
    process: (record, context) => {
      if (record.position.topic === 'documents') takeDocument(record, context, options);
      else takeRequest(record, context, options);
    },
    wake: (key, context) => wakeShelf(key, context, options),
    settle: (report, context) => {
      if (report.type === 'begins') beginAttempts(report, context);
      else settleAttempt(report, context, options);
    },
    effects: (state, report) => new CloudSender(options, state, report),
  };
}
