// Which partition an entry of a state goes to.
import { describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import { studyPrefix, tallyTask } from '../../../processors/tally/tally-task.ts';
import { partitionFor } from '../../../runtime/log/kafka/partitioner.ts';
import { StateDivision } from '../../../runtime/migrate/state-division.ts';
import type { CommittedStore } from '../../../runtime/state/committed-store.ts';

const PARTITIONS = 7;
const partitionOf = (partitionKey: string): number => partitionFor(partitionKey, PARTITIONS);
const none = (): undefined => undefined;

describe('state division', () => {
  test('an entry goes to the partition of its site, whatever its key holds behind it', () => {
    const division = new StateDivision({ name: 'any', inputs: ['hl7.messages'] }, PARTITIONS, partitionOf, none);
    for (const key of ['north', 'north/', 'north/a', 'north/a/b', 'north/测试']) {
      expect(division.partitionsOf('store', key)).toEqual([partitionOf('north')]);
    }
    expect(division.partitionsOf('store', 'south/a')).toEqual([partitionOf('south')]);
  });

  test('a timer goes where its key goes, and its place in the order of time with it', () => {
    const division = new StateDivision({ name: 'any', inputs: ['hl7.messages'] }, PARTITIONS, partitionOf, none);
    expect(division.partitionsOf('#timers', 'north/quiet/1')).toEqual([partitionOf('north')]);
    expect(division.partitionsOf('#due', '0001800000000000/north/quiet/1')).toEqual([partitionOf('north')]);
  });

  test('instances and variants of the tally go to the partition of their study, as its records do', () => {
    const studies = Array.from({ length: 50 }, (_, number) => `1.2.3.${number}`);
    const roots = storeOf(studies.map((study) => `north/${study}`));
    const tally = tallyTask({ codec: singleObjectCodec() });
    const division = new StateDivision(tally, PARTITIONS, partitionOf, (name) =>
      name === 'studies' ? roots : undefined,
    );
    for (const study of studies) {
      const partition = [partitionOf(`north/${study}`)];
      const prefix = studyPrefix('north', study);
      expect(division.partitionsOf('studies', `north/${study}`)).toEqual(partition);
      expect(division.partitionsOf('instances', `${prefix}abcdefghijkl`)).toEqual(partition);
      expect(division.partitionsOf('variants', `${prefix}abcdefghijkl3mnopqrstuvwx`)).toEqual(partition);
    }
  });

  test('an instance of a study that is not known by name goes to every partition', () => {
    const tally = tallyTask({ codec: singleObjectCodec() });
    const division = new StateDivision(tally, PARTITIONS, partitionOf, () => storeOf(['north/1.2.3']));
    const orphan = `${studyPrefix('north', '9.9.9')}abcdefghijkl`;
    expect(division.partitionsOf('instances', orphan)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

function storeOf(keys: readonly string[]): CommittedStore {
  const sorted = [...keys].sort();
  const bytes = Buffer.alloc(0);
  return {
    get: (key) => (keys.includes(key) ? bytes : undefined),
    page: (prefix, after, limit) =>
      sorted
        .filter((key) => key.startsWith(prefix) && (after === undefined || key > after))
        .slice(0, limit)
        .map((key) => [key, bytes]),
  };
}
