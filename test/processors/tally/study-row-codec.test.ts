// The packed forms of the tally's state, and those that stand in older data directories.
import { expect, test } from 'vitest';
import type { StudyRow } from '../../../processors/tally/study-row.ts';
import { studyRowCodec, variantContentCodec } from '../../../processors/tally/study-row-codec.ts';

const ROW: StudyRow = {
  prefix: 'site/abcdefghijkl',
  revision: 7,
  firstEventAtMs: 1_790_000_000_000,
  lastEventAtMs: 1_790_000_000_500.25,
  series: [
    {
      seriesInstanceUid: '1.2.3',
      seriesHash: 'AAAAAAAAAAAA',
      variants: [
        { variant: 'AAAAAAAAAAAA0', size: 3, modality: null },
        { variant: 'AAAAAAAAAAAA0BBBBBBBBBBBB', size: 12, modality: 'CT' },
      ],
    },
    {
      seriesInstanceUid: '',
      seriesHash: 'CCCCCCCCCCCC',
      variants: [{ variant: 'CCCCCCCCCCCC1D', size: 1, modality: 'SR' }],
    },
  ],
  attributes: ['P1', null, '测试^甲', null],
  attributesStale: true,
  lineage: { trace: '0123456789abcdef', causation: 'dicom.instances/0/17' },
};
const CONTENT = ['1.2.3', 'CT', null, '测试^甲', null];

test.each([
  ['a row', ROW],
  ['a row that is fresh and empty', { ...ROW, series: [], attributes: [], attributesStale: false }],
  ['a row whose text holds the separator', { ...ROW, attributes: ['a\x1eb', null] }],
])('study row codec: %s comes back as it was', (_, row) => {
  expect(studyRowCodec.decode(studyRowCodec.encode(row))).toEqual(row);
});

test.each([
  ['a content', CONTENT],
  ['one without attributes', ['1.2.3', null]],
  ['one whose text holds the separator', ['1.2.3', 'a\x1eb']],
])('variant content codec: %s comes back as it was', (_, content) => {
  expect(variantContentCodec.decode(variantContentCodec.encode(content))).toEqual(content);
});

test('study row codec: a row and a content that were written as JSON are read', () => {
  expect(studyRowCodec.decode(Buffer.from(JSON.stringify(ROW)))).toEqual(ROW);
  expect(variantContentCodec.decode(Buffer.from(JSON.stringify(CONTENT)))).toEqual(CONTENT);
});
