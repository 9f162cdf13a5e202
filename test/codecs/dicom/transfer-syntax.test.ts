import { describe, expect, test } from 'vitest';
import { encodingOf, preferredTransferSyntax } from '../../../codecs/dicom/transfer-syntax.ts';

const IMPLICIT = '1.2.840.10008.1.2';
const EXPLICIT = '1.2.840.10008.1.2.1';
const BIG = '1.2.840.10008.1.2.2';
const DEFLATED = '1.2.840.10008.1.2.1.99';
const JPEG = '1.2.840.10008.1.2.4.50';
const JPEG_LS = '1.2.840.10008.1.2.4.80';

describe('transfer syntax', () => {
  test.each([
    [[BIG, IMPLICIT], IMPLICIT],
    [[IMPLICIT, EXPLICIT], EXPLICIT],
    [[EXPLICIT, JPEG, JPEG_LS], JPEG],
    [[JPEG_LS, JPEG], JPEG_LS],
    [[DEFLATED, EXPLICIT], EXPLICIT],
    [[DEFLATED, IMPLICIT], DEFLATED],
    [[BIG], BIG],
  ])('of %j the preferred one is %s', (offered, preferred) => {
    expect(preferredTransferSyntax(offered)).toBe(preferred);
  });

  test('of none, none is preferred', () => {
    expect(preferredTransferSyntax([])).toBeUndefined();
  });

  test('that no table names is explicit little endian', () => {
    expect(encodingOf('1.2.3')).toEqual({ explicitVr: true, bigEndian: false, deflated: false });
    expect(encodingOf(BIG).bigEndian).toBe(true);
    expect(encodingOf(IMPLICIT).explicitVr).toBe(false);
    expect(encodingOf(DEFLATED).deflated).toBe(true);
  });
});
