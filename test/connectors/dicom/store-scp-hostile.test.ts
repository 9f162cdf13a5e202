// What hostile or broken senders do: never a false Success, never a crash, flat memory.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EXPLICIT, header, SAMPLE, sampleObject } from '../../codecs/dicom/data-set-builder.ts';
import { readTexts } from '../../codecs/dicom/header-reading.ts';
import { readPart10 } from '../../codecs/dicom/part10.ts';
import {
  associateRequest,
  commandPdu,
  commandSet,
  dataPdu,
  dataSetPdus,
  pdv,
  RELEASE_REQUEST,
} from '../../codecs/dicom/pdu-builder.ts';
import { corpusFolder } from '../../requirements.ts';
import { startedScp } from './started-scp.ts';
import { CONTEXTS, UpperLayerClient } from './upper-layer-client.ts';

const corpus = corpusFolder();
const STORE = { sopClassUid: SAMPLE.sopClassUid, sopInstanceUid: SAMPLE.sopInstanceUid };
const OBJECT = sampleObject(EXPLICIT);
const MIB = 1024 * 1024;

describe('store SCP, hostile bytes', () => {
  test('gives no false object and no answer for a session cut at any byte', async () => {
    await using started = await startedScp();
    const session = Buffer.concat([
      associateRequest({ contexts: CONTEXTS }),
      commandPdu(1, STORE),
      dataSetPdus(1, OBJECT, 200),
      RELEASE_REQUEST,
    ]);
    const complete = session.length - RELEASE_REQUEST.length;
    for (let at = 0; at < complete; at += 8) {
      const clients = await Promise.all(
        Array.from({ length: Math.min(8, complete - at) }, async (_, offset) => {
          const client = await UpperLayerClient.connected(started.port);
          client.socket.end(session.subarray(0, at + offset));
          return client;
        }),
      );
      await Promise.all(clients.map((client) => client.closed()));
    }
    expect(started.log.entries).toEqual([]);
    const whole = await UpperLayerClient.connected(started.port);
    whole.write(session);
    expect([(await whole.next())?.type, await whole.status(), (await whole.next())?.type]).toEqual([2, 0, 6]);
    expect(started.log.instances()).toHaveLength(1);
  });

  test('records the same object however a session is cut into PDVs and pieces', async () => {
    await using started = await startedScp();
    const command = commandSet(STORE);
    const lengths = fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 30 });
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(lengths, lengths, fc.boolean(), async (pdvLengths, pieces, together) => {
        if (pdvLengths.every((length) => length === 0)) return;
        if (pieces.every((length) => length === 0)) return;
        runs += 1;
        const client = await UpperLayerClient.associated(started.port);
        const pdvs = [...cutPdvs(command, 1, pdvLengths), ...cutPdvs(OBJECT, 0, pdvLengths)];
        const bytes = Buffer.concat(together ? [dataPdu(pdvs)] : pdvs.map((each) => dataPdu([each])));
        for (const piece of cut(bytes, pieces)) client.write(piece);
        expect(await client.status()).toBe(0);
        client.socket.destroy();
      }),
      { numRuns: 150 },
    );
    const records = started.log.instances();
    expect(records).toHaveLength(runs);
    const first = { ...records[0], receivedAtMs: 0 };
    for (const record of records) expect({ ...record, receivedAtMs: 0 }).toEqual(first);
  });

  test('holds nothing of an object of 256 MB, and nothing of elements before its header', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    const head = OBJECT.subarray(0, OBJECT.length - 64 - 12);
    const command = commandPdu(1, STORE);
    for (const large of [
      [head, header(EXPLICIT, 0x7fe00010, 'OW', 256 * MIB)],
      [header(EXPLICIT, 0x00080008, 'UN', 256 * MIB), head],
    ]) {
      const beforeFirst = large[0] !== head;
      client.write(command);
      const before = process.memoryUsage();
      let rssMax = 0;
      client.write(dataPdu([pdv(1, 0, large[0] ?? head)]));
      if (!beforeFirst) client.write(dataPdu([pdv(1, 0, large[1] ?? head)]));
      const piece = dataPdu([pdv(1, 0, Buffer.alloc(128 * 1024 - 6, 0xab))]);
      const pieceBytes = 128 * 1024 - 6;
      for (let sent = 0; sent < 256 * MIB; ) {
        const left = 256 * MIB - sent;
        const bytes = left >= pieceBytes ? piece : dataPdu([pdv(1, 0, Buffer.alloc(left))]);
        sent += Math.min(left, pieceBytes);
        if (!client.socket.write(bytes)) await new Promise((resolve) => client.socket.once('drain', resolve));
        rssMax = Math.max(rssMax, process.memoryUsage().rss);
      }
      client.write(dataPdu([pdv(1, 2, beforeFirst ? head : Buffer.alloc(0))]));
      expect(await client.status()).toBe(0);
      expect(rssMax - before.rss).toBeLessThan(80 * MIB);
    }
    expect(started.log.instances()).toHaveLength(2);
  });

  test('ends a deflate bomb before the header at its limit, and never inflates one behind it', async () => {
    await using started = await startedScp({ limits: { inflatedBytesMax: 8 * MIB } });
    const client = await UpperLayerClient.associated(started.port);
    const filler = Buffer.alloc(64 * MIB);
    const before = Buffer.concat([header(EXPLICIT, 0x00080008, 'UN', filler.length), filler, OBJECT]);
    client.write(Buffer.concat([commandPdu(7, STORE), dataSetPdus(7, deflateRawSync(before))]));
    expect(await client.status()).toBe(0xc002);
    const behind = Buffer.concat([
      OBJECT.subarray(0, OBJECT.length - 76),
      header(EXPLICIT, 0x7fe00010, 'OB', filler.length),
      filler,
    ]);
    client.write(Buffer.concat([commandPdu(7, STORE), dataSetPdus(7, deflateRawSync(behind))]));
    expect(await client.status()).toBe(0);
    client.write(Buffer.concat([commandPdu(7, STORE), dataSetPdus(7, Buffer.from('no deflate stream at all'))]));
    expect(await client.status()).toBe(0xc002);
  });

  test('answers every object of a sender that pipelines them and reads the answers late', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    client.socket.pause();
    const one = Buffer.concat([commandPdu(1, STORE), dataSetPdus(1, OBJECT)]);
    client.write(Buffer.concat(Array.from({ length: 200 }, () => one)));
    await started.log.appended(200);
    client.socket.resume();
    for (let count = 0; count < 200; count += 1) expect(await client.status()).toBe(0);
  });

  test('answers a good neighbour while hundreds of connections say nothing', async () => {
    await using started = await startedScp({ limits: { waitingConnectionsMax: 100 } });
    const idle = await Promise.all(Array.from({ length: 90 }, () => UpperLayerClient.connected(started.port)));
    const client = await UpperLayerClient.associated(started.port);
    client.write(Buffer.concat([commandPdu(1, STORE), dataSetPdus(1, OBJECT)]));
    expect(await client.status()).toBe(0);
    for (const each of idle) each.socket.destroy();
  });
});

/** What is stored has UIDs of digits and dots: what is hostile there is text in other elements, which stays text. */
const VERDICTS = {
  'csv-formula.dcm': 'stored',
  // The bomb is its pixel data, which are never inflated; the header lacks a UID.
  'deflate-bomb-512MB.dcm': 'dicom.missing_uid',
  'hl7-injection.dcm': 'stored',
  'length-4GB.dcm': 'dicom.unreadable_data_set',
  'log-injection.dcm': 'stored',
  'pe-preamble.dcm': 'stored',
  'preamble-only.dcm': 'dicom.missing_uid',
  'truncated-in-meta.dcm': 'dicom.unreadable_data_set',
  'uid-65-chars.dcm': 'dicom.invalid_uid',
  'uid-absolute.dcm': 'dicom.invalid_uid',
  'uid-backslash.dcm': 'dicom.invalid_uid',
  'uid-empty-study.dcm': 'dicom.missing_uid',
  'uid-leading-zero.dcm': 'stored',
  'uid-proto.dcm': 'dicom.invalid_uid',
  'uid-space-semicolon.dcm': 'dicom.invalid_uid',
  'uid-traversal-relative.dcm': 'dicom.invalid_uid',
  'undefined-length-UN-nest.dcm': 'dicom.too_deep',
  'xss-img.dcm': 'stored',
  'xss-js-url.dcm': 'stored',
} as const;

describe.skipIf(corpus === undefined)('store SCP, hostile files', () => {
  const folder = join(corpus ?? '', 'dicom', 'generated-hostile');
  const files = corpus === undefined ? [] : readdirSync(folder).filter((name) => name.endsWith('.dcm'));

  test('are all judged below', () => {
    expect([...files].sort()).toEqual(Object.keys(VERDICTS).sort());
  });

  test.each(files)('%s is taken or refused rightly', async (name) => {
    await using started = await startedScp();
    const { transferSyntaxUid, dataSet } = readPart10(join(folder, name));
    const context = { id: 1, abstractSyntax: SAMPLE.sopClassUid, transferSyntaxes: [transferSyntaxUid] };
    const client = await UpperLayerClient.associated(started.port, { contexts: [context] });
    const reading = readTexts(transferSyntaxUid, dataSet.subarray(0, 1_000_000));
    const texts = reading.ok ? reading.value.texts : { sopClassUid: '', sopInstanceUid: '' };
    const { sopClassUid, sopInstanceUid } = texts;
    const rssBefore = process.memoryUsage().rss;
    client.write(commandPdu(1, { sopClassUid, sopInstanceUid }));
    client.write(dataSet.length === 0 ? dataPdu([pdv(1, 2, Buffer.alloc(0))]) : dataSetPdus(1, dataSet, 100_000));
    const status = await client.status();
    expect(process.memoryUsage().rss - rssBefore).toBeLessThan(60 * MIB);
    const verdict = new Map<string, string>(Object.entries(VERDICTS)).get(name);
    expect(
      status === 0
        ? 'stored'
        : started.log
            .deadLetters()
            .map(({ code }) => code)
            .join(),
    ).toBe(verdict);
    expect(started.log.instances()).toHaveLength(status === 0 ? 1 : 0);
    for (const { key } of started.log.entries) expect(key).toMatch(/^default\/([0-9.]{1,64}|unknown)$/);
  });
});

function cut(bytes: Buffer, lengths: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    pieces.push(bytes.subarray(at, at + length));
    at += length;
  }
  return pieces;
}

function cutPdvs(bytes: Buffer, command: 0 | 1, lengths: readonly number[]): readonly Buffer[] {
  const pieces = cut(bytes, lengths);
  return pieces.map((piece, index) => pdv(1, command | (index === pieces.length - 1 ? 2 : 0), piece));
}
