// Which sender belongs to which source and site.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../../runtime/config/configuration.ts';
import { loadConfiguration } from '../../../runtime/config/load-configuration.ts';
import { dicomSenderRules, hl7SenderRules } from '../../../runtime/config/sender-rules.ts';

function configured(yaml: string): Configuration {
  const folder = mkdtempSync(join(tmpdir(), 'studybridge-rules-'));
  try {
    writeFileSync(join(folder, 'studybridge.yaml'), yaml);
    return loadConfiguration({ environment: {}, directory: folder }).configuration;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const anyone = { application: 'HIS', facility: 'X' };

describe('a site without sources', () => {
  const rules = hl7SenderRules(configured('{}'));

  test.each(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])(
    'takes any sender on this machine: %s',
    (address) => {
      expect(rules.sourceOf({ ...anyone, address })).toMatchObject({ site: 'default', source: 'any' });
      expect(rules.admits(address)).toBe(true);
    },
  );

  test.each(['10.0.0.1', '::ffff:10.0.0.1', '2001:db8::1', ''])('refuses a sender elsewhere: %s', (address) => {
    expect(rules.sourceOf({ ...anyone, address })).toBeUndefined();
    expect(rules.admits(address)).toBe(false);
  });
});

describe('sources', () => {
  const configuration = configured(`
sites:
  north:
    hl7DefaultCharset: GBK
    sources:
      hl7:
        - { name: engine, sendingApplication: HIS, addresses: [10.1.0.0/16] }
        - { name: lab, sendingApplication: LAB, sendingFacility: N, defaultCharset: UTF-8 }
      dicom:
        - { name: pacs, callingAeTitle: PACS1, addresses: [10.1.0.5] }
        - { name: shared, institution: North Hospital }
  south:
    sources:
      dicom: [{ name: shared, institution: South Hospital }]
`);
  const hl7 = hl7SenderRules(configuration);
  const dicom = dicomSenderRules(configuration);

  test('an address range admits who calls from it, and nobody else', () => {
    expect(hl7.sourceOf({ application: 'HIS', facility: '', address: '10.1.2.3' })).toMatchObject({
      site: 'north',
      source: 'engine',
      defaultCharset: 'GBK',
    });
    expect(hl7.sourceOf({ application: 'HIS', facility: '', address: '10.2.2.3' })).toBeUndefined();
    expect(hl7.sourceOf({ application: 'RIS', facility: '', address: '10.1.2.3' })).toBeUndefined();
  });

  test('a message is told by MSH-3 and MSH-4, and its source names the character set', () => {
    expect(hl7.sourceOf({ application: 'LAB', facility: 'N', address: '127.0.0.1' })).toMatchObject({
      source: 'lab',
      defaultCharset: 'UTF-8',
    });
  });

  test('the one site without sources of a kind takes what no source fits', () => {
    expect(hl7.sourceOf({ application: 'LAB', facility: 'M', address: '127.0.0.1' })).toMatchObject({ site: 'south' });
  });

  test('an object is told by its calling AE and by its institution', () => {
    expect(dicom.sourceOf({ address: '10.1.0.5', callingAeTitle: 'PACS1' })).toMatchObject({ source: 'pacs' });
    expect(dicom.sourceOf({ address: '10.1.0.5', callingAeTitle: 'PACS2' })).toBeUndefined();
    expect(dicom.sourceOf({ address: '127.0.0.1', institution: 'South Hospital' })).toMatchObject({ site: 'south' });
    expect(dicom.sourceOf({ address: '127.0.0.1', institution: 'East Hospital' })).toBeUndefined();
    expect(dicom.sourceOf({ address: '127.0.0.1', source: 'unknown' })).toBeUndefined();
  });
});
