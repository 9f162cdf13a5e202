// A fetched record becomes a record of the bridge.
import { expect, test } from 'vitest';
import { storedRecord } from '../../../../runtime/log/kafka/stored-record.ts';

const fetched = { offset: 7n, timestampMs: 1_000, key: Buffer.from('north/1.2.3/4'), value: null, headers: new Map() };

test("stored record: a topic by site has the site as its partition key, one by key the key, and the position the topic's own name", () => {
  expect(storedRecord(fetched, 'studies', 3)).toEqual({
    topic: 'studies',
    key: 'north/1.2.3/4',
    partitionKey: 'north',
    value: null,
    headers: new Map(),
    position: { topic: 'studies', partition: 3, offset: 7n },
    appendedAtMs: 1_000,
  });
  expect(storedRecord(fetched, 'dicom.instances', 3).partitionKey).toBe('north/1.2.3/4');
});

test('stored record: a record of another producer without key, or with one that names no site, is kept', () => {
  expect(storedRecord({ ...fetched, key: null }, 'studies', 0)).toMatchObject({ key: '', partitionKey: '' });
  expect(storedRecord({ ...fetched, key: Buffer.from('x') }, 'studies', 0)).toMatchObject({ partitionKey: 'x' });
});
