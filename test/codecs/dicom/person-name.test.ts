import { describe, expect, test } from 'vitest';
import { parsePersonName, preferredPersonName } from '../../../codecs/dicom/person-name.ts';

describe('person name', () => {
  test.each([
    ['ZHANG^SAN=张^三=zhang^san', '张三'],
    ['ZHANG^SAN=张^三', '张三'],
    ['张^三', '张三'],
    ['张三', '张三'],
    ['欧阳^娜娜=', '欧阳娜娜'],
    ['Buc^Jérôme', 'Buc Jérôme'],
    ['Doe^John^A^Dr^Jr', 'Doe John A'],
    ['=张^三', '张三'],
    ['==zhang^san', 'zhang san'],
    ['Li^Si=李^四\\Wang^Wu=王^五', '李四'],
    ['Hong^Gildong=홍^길동', '홍 길동'],
    ['', ''],
    ['^^^^', ''],
    ['==', ''],
  ])('%j is shown as %j', (text, shown) => {
    expect(preferredPersonName(text)).toBe(shown);
  });

  test('gives the groups and their components', () => {
    expect(parsePersonName('Yang^Li^^Dr=杨^丽')).toEqual({
      alphabetic: { family: 'Yang', given: 'Li', middle: '', prefix: 'Dr', suffix: '' },
      ideographic: { family: '杨', given: '丽', middle: '', prefix: '', suffix: '' },
      phonetic: undefined,
    });
  });

  test('takes Chinese in the first group as ideographic only where the second group is empty', () => {
    expect(parsePersonName('张^三').alphabetic).toBeUndefined();
    expect(parsePersonName('张^三=李^四').alphabetic?.family).toBe('张');
  });
});
