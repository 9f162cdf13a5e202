import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { LogError } from '../../../runtime/contracts/record-log.ts';
import { BIG, EXPLICIT, element, IMPLICIT, SAMPLE, sampleObject } from '../../codecs/dicom/data-set-builder.ts';
import {
  ABORT,
  associateRequest,
  commandPdu,
  commandSet,
  dataPdu,
  dataSetPdus,
  pdv,
  RELEASE_REQUEST,
} from '../../codecs/dicom/pdu-builder.ts';
import { ManualClock } from '../../runtime/log/manual-clock.ts';
import { startedScp, testSite } from './started-scp.ts';
import { advanceUntil, OBJECT, quiet, STORE, storeBytes } from './store-session.ts';
import { CONTEXTS, UpperLayerClient } from './upper-layer-client.ts';

describe('store SCP', () => {
  test.each([
    [1, EXPLICIT, '1.2.840.10008.1.2.1'],
    [3, IMPLICIT, '1.2.840.10008.1.2'],
    [5, BIG, '1.2.840.10008.1.2.2'],
  ] as const)('records an object on context %i and answers Success', async (contextId, encoding, syntax) => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    client.write(storeBytes(contextId, sampleObject(encoding)));
    expect(await client.status()).toBe(0);
    client.write(RELEASE_REQUEST);
    expect((await client.next())?.type).toBe(6);
    await client.closed();
    const { patientName: _, ...uids } = SAMPLE;
    expect(started.log.instances()).toEqual([
      expect.objectContaining({
        ...uids,
        ...{ site: 'default', source: 'modalities', event: 'stored', via: 'c_store', sourceOrder: null },
        ...{ callingAeTitle: 'MODALITY', transferSyntaxUid: syntax },
      }),
    ]);
    expect(started.log.entries[0]?.headers.get('trace')).toMatch(/^[0-9a-f]{16}$/);
    expect(started.log.entries[0]?.key).toBe(`default/${SAMPLE.studyInstanceUid}`);
  });

  test('records a deflated object and inflates no more than its header', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    const large = sampleObject(EXPLICIT, { ...SAMPLE, pixelBytes: 32 * 1024 * 1024 });
    for (const dataSet of [OBJECT, large]) {
      client.write(storeBytes(7, deflateRawSync(dataSet)));
      expect(await client.status()).toBe(0);
    }
    expect(started.log.instances()).toHaveLength(2);
  });

  test('answers C-ECHO', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    client.write(commandPdu(9, { command: 0x30, hasDataSet: false, sopClassUid: '1.2.840.10008.1.1' }));
    expect(await client.status()).toBe(0);
    expect(started.log.appends).toBe(0);
  });

  test('invariant 1: says nothing before the append has resolved, and stops reading meanwhile', async () => {
    await using started = await startedScp();
    started.log.shut();
    const client = await UpperLayerClient.associated(started.port);
    client.write(storeBytes(1, OBJECT));
    await started.log.appended(1);
    // A sender that goes on none the less: the bridge holds one piece, the rest waits in the sender.
    const piece = Buffer.alloc(1024 * 1024);
    for (let count = 0; count < 64; count += 1) client.write(dataPdu([pdv(1, 0, piece.subarray(0, 100_000))]));
    await quiet(200);
    expect(client.received).toBe(0);
    expect(client.socket.writableLength).toBeGreaterThan(0);
    expect(started.log.appends).toBe(1);
    started.log.open();
    expect(await client.status()).toBe(0);
    // What came unasked for belongs to no object.
    expect(await client.status()).toBe('PDU 7');
  });

  test('answers A700 when the log has not taken an object by the deadline, and takes the next one', async () => {
    const clock = new ManualClock();
    await using started = await startedScp({ clock });
    const client = await UpperLayerClient.associated(started.port);
    started.log.shut();
    client.write(storeBytes(1, OBJECT));
    await started.log.appended(1);
    expect(await advanceUntil(clock, client.status())).toBe(0xa700);
    started.log.open();
    client.write(storeBytes(1, OBJECT, 2));
    expect(await client.status()).toBe(0);
    expect(started.telemetry.names()).toContain('dicom.instance_refused');
    expect(started.telemetry.names().filter((name) => name === 'dicom.log_behind')).toHaveLength(1);
  });

  test.each(['log.full', 'log.unavailable'] as const)(
    'waits while the log says %s until the deadline, and not for a log that is closed',
    async (code) => {
      const clock = new ManualClock();
      await using started = await startedScp({ clock });
      const client = await UpperLayerClient.associated(started.port);
      started.log.refuse(new LogError(code));
      client.write(storeBytes(1, OBJECT));
      const status = client.status();
      await started.log.appended(1);
      for (let tick = 0; tick < 20; tick += 1) {
        clock.advance(100);
        await quiet(2);
      }
      expect(started.log.appends).toBeGreaterThan(3);
      started.log.open();
      expect(await advanceUntil(clock, status)).toBe(0);
      started.log.refuse(new LogError('log.closed'));
      client.write(storeBytes(1, OBJECT));
      expect(await client.status()).toBe(0xa700);
    },
  );

  test.each([
    ['ends inside an element', 0xc000, OBJECT.subarray(0, 60), STORE],
    ['lacks a UID', 0xc003, element(EXPLICIT, 0x00080016, 'UI', '1.2'), STORE],
    ['has a UID with a slash', 0xc004, sampleObject(EXPLICIT, { ...SAMPLE, studyInstanceUid: '../../etc' }), STORE],
    ['has another class than the command', 0xa900, OBJECT, { ...STORE, sopClassUid: '1.2.3' }],
    ['has another instance than the command', 0xa901, OBJECT, { ...STORE, sopInstanceUid: '1.2.3' }],
  ])('refuses an object that %s with %i, and keeps a dead letter', async (_, status, dataSet, command) => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    client.write(Buffer.concat([commandPdu(1, command), dataSetPdus(1, dataSet)]));
    expect(await client.status()).toBe(status);
    expect(started.log.instances()).toEqual([]);
    const [letter] = started.log.deadLetters();
    expect(letter).toMatchObject({ site: 'default', stage: 'intake', position: null });
    expect(letter?.key).toMatch(/^[0-9.]{1,64}$/);
    const kept = letter?.bytes ?? Buffer.alloc(0);
    expect(kept.length).toBeGreaterThan(0);
    expect(dataSet.subarray(0, kept.length).equals(kept)).toBe(true);
  });

  test('refuses with A700, not C000, when the dead letter cannot be kept', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    started.log.refuse(new LogError('log.commit_failed'));
    client.write(storeBytes(1, OBJECT.subarray(0, 60)));
    expect(await client.status()).toBe(0xa700);
  });

  test('refuses an object announced without a data set', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    client.write(commandPdu(1, { ...STORE, hasDataSet: false }));
    expect(await client.status()).toBe(0xc005);
  });

  test('keeps of a refused object no more than the limit', async () => {
    await using started = await startedScp({ limits: { headerBytesMax: 1000 } });
    const client = await UpperLayerClient.associated(started.port);
    const endless = element(EXPLICIT, 0x00080008, 'UN', Buffer.alloc(500_000), 600_000);
    client.write(storeBytes(1, endless));
    expect(await client.status()).toBe(0xc000);
    expect(started.log.deadLetters()[0]?.bytes.length).toBe(1000);
  });

  test('asks for the route of an object by its institution', async () => {
    await using started = await startedScp({
      route: ({ institution }) => {
        if (institution === 'NOWHERE') return undefined;
        return { site: testSite(institution === 'EAST' ? 'east' : 'default'), source: 'modalities' };
      },
    });
    const client = await UpperLayerClient.associated(started.port);
    for (const [institution, status] of [
      ['EAST', 0],
      ['NOWHERE', 0x0124],
    ] as const) {
      const head = sampleObject(EXPLICIT).subarray(0, OBJECT.indexOf(Buffer.from([9, 0, 16, 0])));
      const rest = OBJECT.subarray(head.length);
      client.write(storeBytes(1, Buffer.concat([head, element(EXPLICIT, 0x00080080, 'LO', institution), rest])));
      expect(await client.status()).toBe(status);
    }
    expect(started.log.instances().map(({ site }) => site)).toEqual(['east']);
    expect(started.log.deadLetters().map(({ code }) => code)).toEqual(['dicom.no_site']);
  });

  test('takes commands and data in any mixture of PDVs', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    const command = commandSet(STORE);
    const bytes = [...OBJECT].map((_, at) => pdv(1, at === OBJECT.length - 1 ? 2 : 0, OBJECT.subarray(at, at + 1)));
    client.write(
      dataPdu([
        ...[pdv(1, 1, command.subarray(0, 5)), pdv(1, 1, Buffer.alloc(0)), pdv(1, 1, command.subarray(5))],
        ...[pdv(1, 3, Buffer.alloc(0)), pdv(1, 0, Buffer.alloc(0)), ...bytes],
      ]),
    );
    expect(await client.status()).toBe(0);
    expect(started.log.instances()).toHaveLength(1);
  });
});

describe('store SCP, association', () => {
  test.each([
    ['a called title that is not taken', { calledAeTitle: 'OTHER' }, [1, 1, 7]],
    ['a calling title without a rule', { callingAeTitle: 'STRANGER' }, [1, 1, 3]],
    ['another application context', { applicationContext: '1.2.3' }, [1, 1, 2]],
    ['another protocol version', { protocolVersion: 2 }, [1, 2, 2]],
  ])('with %s is rejected', async (_, proposal, reason) => {
    await using started = await startedScp({
      calledAeTitles: ['STUDYBRIDGE'],
      route: ({ callingAeTitle }) =>
        callingAeTitle === 'MODALITY' ? { site: testSite(), source: 'modalities' } : undefined,
    });
    const client = await UpperLayerClient.connected(started.port);
    client.write(associateRequest({ contexts: CONTEXTS, ...proposal }));
    const answer = await client.next();
    expect([answer?.type, [...(answer?.body.subarray(1) ?? [])]]).toEqual([3, reason]);
    await client.closed();
  });

  test('above the limit is rejected for a while', async () => {
    await using started = await startedScp({ limits: { associationsMax: 1 } });
    const first = await UpperLayerClient.associated(started.port);
    const second = await UpperLayerClient.connected(started.port);
    second.write(associateRequest({ contexts: CONTEXTS }));
    expect([...((await second.next())?.body ?? [])]).toEqual([0, 2, 3, 2]);
    first.write(RELEASE_REQUEST);
    await first.closed();
    await UpperLayerClient.associated(started.port);
  });

  test('is rejected for a while when the log has ended', async () => {
    await using started = await startedScp();
    started.log.healthAnswer = { writable: false, code: 'log.closed' };
    const client = await UpperLayerClient.connected(started.port);
    client.write(associateRequest({ contexts: CONTEXTS }));
    expect([...((await client.next())?.body ?? [])]).toEqual([0, 2, 3, 1]);
  });

  test('refuses contexts of other services and of no transfer syntax, and takes private classes', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.connected(started.port);
    const syntaxes = ['1.2.840.10008.1.2'];
    client.write(
      associateRequest({
        contexts: [
          { id: 1, abstractSyntax: '1.2.840.10008.5.1.4.1.2.1.1', transferSyntaxes: syntaxes },
          { id: 3, abstractSyntax: '1.2.840.10008.5.1.4.1.1.88.11', transferSyntaxes: [] },
          { id: 5, abstractSyntax: '1.3.12.2.1107.5.9.1', transferSyntaxes: syntaxes },
        ],
      }),
    );
    const body = (await client.next())?.body ?? Buffer.alloc(0);
    const results: (number | undefined)[] = [];
    for (let at = 68; at < body.length; at += 4 + body.readUInt16BE(at + 2)) {
      if (body[at] === 0x21) results.push(body[at + 6]);
    }
    expect(results).toEqual([3, 4, 0]);
  });

  test.each([
    ['data without a command', dataPdu([pdv(1, 2, Buffer.alloc(8))])],
    ['a context that was not accepted', commandPdu(99, STORE)],
    ['a command inside an object', Buffer.concat([commandPdu(1, STORE), commandPdu(1, STORE)])],
    ['data on another context', Buffer.concat([commandPdu(1, STORE), dataSetPdus(3, OBJECT)])],
    ['a command of another service', commandPdu(1, { command: 0x20 })],
    ['a second request', associateRequest({ contexts: CONTEXTS })],
    ['no command set', dataPdu([pdv(1, 3, Buffer.from('nonsense'))])],
    ['a command too long', Buffer.concat(Array.from({ length: 3 }, () => dataPdu([pdv(1, 1, Buffer.alloc(8000))])))],
    ['a type that is none', Buffer.from([0x47, 0x45, 0x54, 0x20, 0, 0])],
  ])('is aborted after %s', async (_, bytes) => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    client.write(bytes);
    expect(await client.status()).toBe('PDU 7');
    await client.closed();
    expect(started.log.entries).toEqual([]);
    expect(started.telemetry.names()).toContain('dicom.association_aborted');
  });

  test('that asks for nothing is ended after the ARTIM time, one that falls silent after the idle time', async () => {
    const clock = new ManualClock();
    await using started = await startedScp({ clock });
    const waiting = await UpperLayerClient.connected(started.port);
    const open = await UpperLayerClient.associated(started.port);
    const inside = await UpperLayerClient.associated(started.port);
    inside.write(storeBytes(1, OBJECT).subarray(0, 200));
    await quiet();
    const startMs = clock.monotonicMs();
    expect(await advanceUntil(clock, waiting.status())).toBe('PDU 7');
    expect(clock.monotonicMs() - startMs).toBeLessThan(40_000);
    expect(await advanceUntil(clock, open.status())).toBe('PDU 7');
    expect(await advanceUntil(clock, inside.status())).toBe('PDU 7');
    expect(clock.monotonicMs() - startMs).toBeGreaterThan(290_000);
    expect(started.log.entries).toEqual([]);
  });

  test('that is aborted or cut inside an object leaves nothing behind', async () => {
    await using started = await startedScp();
    for (const end of [ABORT, undefined]) {
      const client = await UpperLayerClient.associated(started.port);
      client.write(storeBytes(1, OBJECT).subarray(0, 250));
      if (end !== undefined) client.write(end);
      await quiet();
      client.socket.destroy();
    }
    const after = await UpperLayerClient.associated(started.port);
    after.write(storeBytes(1, OBJECT));
    expect(await after.status()).toBe(0);
    expect(started.log.entries).toHaveLength(1);
  });
});
