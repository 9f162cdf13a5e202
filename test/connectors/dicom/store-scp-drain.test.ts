import { describe, expect, test } from 'vitest';
import { createStoreScp } from '../../../connectors/dicom/store-scp.ts';
import { systemClock } from '../../../runtime/contracts/clock.ts';
import { EXPLICIT, SAMPLE, sampleObject } from '../../codecs/dicom/data-set-builder.ts';
import { dataPdu, pdv, RELEASE_REQUEST } from '../../codecs/dicom/pdu-builder.ts';
import { ManualClock } from '../../runtime/log/manual-clock.ts';
import { startedScp } from './started-scp.ts';
import { advanceUntil, OBJECT, quiet, storeBytes } from './store-session.ts';
import { UpperLayerClient } from './upper-layer-client.ts';

describe('store SCP, drain', () => {
  test('finishes the object in flight, answers, and takes no new association', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    started.log.shut();
    client.write(storeBytes(1, OBJECT));
    await started.log.appended(1);
    const drained = started.scp.drain(new AbortController().signal);
    await expect(UpperLayerClient.connected(started.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    started.log.open();
    expect(await client.status()).toBe(0);
    client.write(RELEASE_REQUEST);
    expect((await client.next())?.type).toBe(6);
    client.socket.end();
    await drained;
    await started.scp.ended;
  });

  test('takes the rest of an object that has begun', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    const bytes = storeBytes(1, OBJECT);
    client.write(bytes.subarray(0, 250));
    await quiet();
    const drained = started.scp.drain(new AbortController().signal);
    client.write(bytes.subarray(250));
    expect(await client.status()).toBe(0);
    // The next object is the next start's.
    client.write(storeBytes(1, OBJECT));
    expect(await client.status()).toBe('PDU 7');
    client.socket.destroy();
    await drained;
    expect(started.log.instances()).toHaveLength(1);
  });

  test('aborts an association that does not release itself', async () => {
    const clock = new ManualClock();
    await using started = await startedScp({ clock });
    const client = await UpperLayerClient.associated(started.port);
    const drained = started.scp.drain(new AbortController().signal);
    expect(await advanceUntil(clock, client.status())).toBe('PDU 7');
    await advanceUntil(clock, drained);
  });

  test('abandons what is left at the deadline', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port);
    started.log.shut();
    client.write(storeBytes(1, OBJECT));
    await started.log.appended(1);
    await started.scp.drain(AbortSignal.abort());
    expect(await client.status()).toBeUndefined();
  });

  test('may come before the start, and twice', async () => {
    await using started = await startedScp();
    const { log, telemetry } = started;
    const route = () => undefined;
    const options = { host: '127.0.0.1', aeTitle: 'X', log, codec: log.codec, clock: systemClock, telemetry, route };
    const scp = createStoreScp({ ...options, port: started.port });
    await expect(scp.start(new AbortController().signal)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await scp.drain(AbortSignal.abort());
    await scp.drain(AbortSignal.abort());
    await scp.ended;
  });
});

describe('store SCP, telemetry', () => {
  test('carries nothing of an object or a peer', async () => {
    await using started = await startedScp();
    const client = await UpperLayerClient.associated(started.port, { callingAeTitle: 'CANARY-AE' });
    const canary = { ...SAMPLE, patientName: 'CANARY^NAME', studyInstanceUid: '1.2.CANARY' };
    client.write(storeBytes(1, sampleObject(EXPLICIT, { ...SAMPLE, patientName: 'CANARY^NAME' })));
    client.write(storeBytes(1, sampleObject(EXPLICIT, canary)));
    expect([await client.status(), await client.status()]).toEqual([0, 0xc004]);
    client.write(dataPdu([pdv(1, 3, Buffer.from('CANARY'))]));
    await client.closed();
    expect(started.telemetry.facts.length).toBeGreaterThan(3);
    expect(started.telemetry.text()).not.toContain('CANARY');
    expect(JSON.stringify(started.log.deadLetters().map(({ reason, key }) => [reason, key]))).not.toContain('CANARY');
  });
});
