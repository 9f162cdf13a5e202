import { expect, test } from 'vitest';
import { signingHeaders } from '../../../sinks/cloud/signature.ts';

test('signature: the vector of the vendor’s document is met', () => {
  expect(signingHeaders('100001', '0123456789abcdef0123456789abcdef', 1_714_000_000_123)).toEqual({
    appId: '100001',
    timestamp: '1714000000123',
    signature: '4e3a850cdf90a16ae25f5628dc81293b5c8e9c4927ad50637c175715bec23893',
  });
});
