// Faults put into the compiled tree on purpose: each breaks one promise that a proof is there to hold.
import type { Break } from './broken-build.ts';

/** AA as soon as the message has been read. */
export const EARLY_HL7: readonly Break[] = [
  {
    file: 'connectors/hl7/mllp-connection.js',
    find: /this\.#batches\.push\(batch\);\s*this\.#append\(batch\);/,
    put: `this.#batches.push(batch); batch.state = 'durable'; this.#planFlush();
      this.#services.log.append(batch.entries, this.#withdrawal.signal).catch(() => {});`,
  },
];

/** C-STORE Success as soon as the header has been read. */
export const EARLY_DICOM: readonly Break[] = [
  {
    file: 'connectors/dicom/association.js',
    find: /await this\.#appender\.append\(\[entry\]\)/,
    put: '(void this.#appender.append([entry]), true)',
  },
];

/** Acknowledged from the page cache. */
export const NO_SYNC: readonly Break[] = [
  {
    file: 'runtime/log/embedded/environment.js',
    find: /overlappingSync: false/,
    put: 'overlappingSync: false, noSync: true',
  },
];

/** Pages are synced, the meta page that reaches them is not. */
export const NO_META_SYNC: readonly Break[] = [
  {
    file: 'runtime/log/embedded/environment.js',
    find: /overlappingSync: false/,
    put: 'overlappingSync: false, noMetaSync: true',
  },
];

/** On Kafka, outputs and positions are committed and the changes of the state are not. */
export const STATE_LEFT_OUT: readonly Break[] = [
  {
    file: 'runtime/log/kafka/task-producer.js',
    find: /this\.#messages\(outputs, changes\)/,
    put: 'this.#messages(outputs, [])',
  },
];
