import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { SandboxCloud } from '../../../simulator/cloud/sandbox-cloud.ts';
import { dicomObject } from '../../../simulator/hospital/dicom-object.ts';
import { type AcceptedItem, type ExpectedStudy, expectedStudies } from '../../../simulator/hospital/expectation.ts';
import { type HospitalOptions, playHospital } from '../../../simulator/hospital/play-hospital.ts';
import { createSendingPace } from '../../../simulator/hospital/sending-pace.ts';
import { createStoreEventSender } from '../../../simulator/hospital/store-event-sender.ts';
import { createStoreSender } from '../../../simulator/hospital/store-sender.ts';
import { planStudies } from '../../../simulator/hospital/study-plan.ts';
import { reportPdf } from '../../../simulator/hospital/synthetic-pdf.ts';
import { isJsonObject } from '../../../simulator/json-value.ts';
import { post, REPORT_PATH, startSandbox } from '../cloud/sandbox-client.ts';
import { startMllpStub, startStoreStub } from './hospital-stage.ts';

const SEED = 42;
const STUDIES = 4;

/** Puts into the sandbox what a right bridge would have put there. */
async function deliver(cloud: SandboxCloud, change: (study: ExpectedStudy) => Record<string, unknown>): Promise<void> {
  const plans = planStudies(SEED, STUDIES);
  const items = plans.flatMap((study): AcceptedItem[] => [
    { kind: 'order', study },
    ...study.reports.map((report): AcceptedItem => ({ kind: 'report', study, report })),
    ...study.series.flatMap((series) =>
      series.instances.map(
        (instance): AcceptedItem => ({ kind: 'object', study, object: dicomObject(study, series, instance) }),
      ),
    ),
  ]);
  for (const [index, study] of expectedStudies(items, true).entries()) {
    const { studyId, report, fields } = study;
    const reply = await post(cloud, '/ris/study/add', { studyId, ...fields, ...change(study) });
    expect(reply.text).toContain('success');
    if (report === null) continue;
    const { carriesPdf, ...texts } = report;
    const plan = plans[index];
    const pdf = carriesPdf && plan !== undefined ? { pdfBase64: reportPdf(plan).toString('base64') } : {};
    const payload = { reportId: 'R', studyId, accessNumber: studyId, version: 1, ...texts, ...pdf };
    expect((await post(cloud, REPORT_PATH, payload)).code).toBe(0);
  }
}

function options(cloud: SandboxCloud, hl7Port: number, dicomPort: number, lines: string[]): HospitalOptions {
  return {
    hl7: { host: '127.0.0.1', port: hl7Port },
    dicom: { host: '127.0.0.1', port: dicomPort, calledAeTitle: 'STUDYBRIDGE' },
    sandboxUrl: cloud.url,
    studies: STUDIES,
    seed: SEED,
    rate: 0,
    waitMs: 100,
    settleMs: 0,
    output: (line) => lines.push(line),
    signal: AbortSignal.timeout(30_000),
    terminal: false,
  };
}

describe('hospital: a play', () => {
  test('hospital: it sends all over both protocols and finds the cloud equal', async () => {
    await using cloud = await startSandbox();
    await using hl7 = await startMllpStub(() => 'AA');
    await using store = await startStoreStub(() => 0);
    await deliver(cloud, () => ({}));
    const lines: string[] = [];
    const outcome = await playHospital(options(cloud, hl7.port, store.port, lines));
    expect(outcome).toMatchObject({ equal: true, refused: [] });
    expect(outcome.rows).toHaveLength(STUDIES);
    expect(new Set(hl7.received).size).toBe(hl7.received.length);
    const plans = planStudies(SEED, STUDIES);
    const planned = new Map(plans.map((study) => [study.studyInstanceUid, study]));
    const uids = new Set(store.received.map((elements) => elements['SOPInstanceUID']));
    expect(uids.size).toBe(plans.flatMap((study) => study.series.flatMap((series) => series.instances)).length);
    expect(store.received.length).toBeGreaterThan(uids.size);
    for (const elements of store.received) {
      const study = planned.get(String(elements['StudyInstanceUID']));
      const { ideographic, latin } = study?.patient ?? { ideographic: null, latin: { family: '', given: '' } };
      const name = JSON.stringify(elements['PatientName']);
      expect(name).toContain(
        ideographic === null ? `${latin.family}^${latin.given}` : `${ideographic.family}^${ideographic.given}`,
      );
    }
    expect(lines.at(-1)).toContain('equal: all 4 studies');
  });

  test('hospital: a peer that takes implicit encoding only gets the same objects in it', async () => {
    await using store = await startStoreStub(() => 0, '1.2.840.10008.1.2');
    const sender = await createStoreSender({ host: '127.0.0.1', port: store.port, calledAeTitle: 'STUDYBRIDGE' });
    const [study] = planStudies(SEED, 1);
    if (study === undefined) throw new Error('a study was asked for');
    // The library complains on the console when it reads pixels in implicit encoding.
    const objects = study.series
      .filter((series) => series.kind !== 'image')
      .flatMap((series) => series.instances.map((instance) => dicomObject(study, series, instance)));
    expect(objects.length).toBeGreaterThan(1);
    expect(await sender?.send(objects, AbortSignal.timeout(10_000))).toEqual([]);
    expect(store.received.map((elements) => [elements['SOPInstanceUID'], elements['PatientID']])).toEqual(
      objects.map((object) => [object.sopInstanceUid, study.patient.patientId]),
    );
  });

  test('hospital: one wrong count at the cloud is found and named', async () => {
    await using cloud = await startSandbox();
    await using hl7 = await startMllpStub(() => 'AA');
    await using store = await startStoreStub(() => 0);
    await deliver(cloud, (study) => (study.studyId.endsWith('2') ? { imageCnt: 99 } : {}));
    const lines: string[] = [];
    const outcome = await playHospital(options(cloud, hl7.port, store.port, lines));
    expect(outcome.equal).toBe(false);
    expect(outcome.rows.map((row) => row.differences)).toEqual([[], [], ['imageCnt'], []]);
    expect(lines.at(-1)).toContain('NOT equal');
  });

  test('hospital: what the bridge refuses is told, is not expected, and the play is not equal', async () => {
    await using cloud = await startSandbox();
    await using hl7 = await startMllpStub((controlId) => (controlId.endsWith('0001-O') ? 'AE' : 'AA'));
    const refusedUid = planStudies(SEED, 1)[0]?.series[0]?.instances[0]?.sopInstanceUid ?? '';
    await using store = await startStoreStub((uid) => (uid === refusedUid ? 0xa700 : 0));
    const outcome = await playHospital(options(cloud, hl7.port, store.port, []));
    expect(outcome.equal).toBe(false);
    expect(outcome.refused).toContainEqual(expect.stringContaining('0001-O: answered AE'));
    expect(outcome.refused).toContainEqual(`object ${refusedUid}: C-STORE status a700`);
    const planned = planStudies(SEED, 1)[0]?.series.filter((one) => one.kind === 'image') ?? [];
    const images = planned.reduce((sum, series) => sum + series.instances.length, 0);
    expect(outcome.rows[0]?.expected.fields['imageCnt']).toBe(images - 1);
  });

  test('hospital: a message whose connection was lost before the answer is sent again', async () => {
    await using cloud = await startSandbox();
    await using hl7 = await startMllpStub((_, nth) => (nth === 2 ? null : 'AA'));
    await using store = await startStoreStub(() => 0);
    await deliver(cloud, () => ({}));
    const outcome = await playHospital(options(cloud, hl7.port, store.port, []));
    expect(outcome.equal).toBe(true);
    expect(hl7.received[1]).toBe(hl7.received[2]);
  });

  test('hospital: a bridge that is not there ends the play with a reason', async () => {
    await using cloud = await startSandbox();
    await using store = await startStoreStub(() => 0);
    const nobody = await startMllpStub(() => 'AA');
    await nobody[Symbol.asyncDispose]();
    const clock = { nowMs: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() };
    await expect(playHospital({ ...options(cloud, nobody.port, store.port, []), clock })).rejects.toThrow(/MLLP/);
  });

  test('hospital: a play that is broken off ends at once', async () => {
    await using cloud = await startSandbox();
    const abort = new AbortController();
    await using hl7 = await startMllpStub(() => {
      abort.abort(new Error('enough'));
      return 'AA';
    });
    await using store = await startStoreStub(() => 0);
    const play = playHospital({ ...options(cloud, hl7.port, store.port, []), signal: abort.signal });
    await expect(play).rejects.toThrow('enough');
  });
});

describe('hospital: parts of a play', () => {
  test('hospital: a rate of ten a second spaces the messages by a tenth of a second', async () => {
    let nowMs = 0;
    const sleep = async (durationMs: number) => {
      nowMs += durationMs;
    };
    const pace = createSendingPace(10, { nowMs: () => nowMs, monotonicMs: () => nowMs, sleep });
    const sentAtMs: number[] = [];
    for (const count of [1, 1, 5, 1]) {
      await pace(count, AbortSignal.timeout(1_000));
      sentAtMs.push(nowMs);
    }
    expect(sentAtMs).toEqual([0, 100, 200, 700]);
  });

  test('hospital: without the DICOM library it tells of stored objects in the DICOM JSON model', async () => {
    const bodies: unknown[] = [];
    const server = createServer((request, response) => {
      request.setEncoding('utf8');
      let text = '';
      request.on('data', (chunk) => {
        text += chunk;
      });
      request.on('end', () => {
        bodies.push(JSON.parse(text));
        response.writeHead(request.url === '/v1/store-events' ? 202 : 404).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = isJsonObject(address) ? Number(address['port']) : 0;
    const [study] = planStudies(SEED, 1);
    const series = study?.series[0];
    const instance = series?.instances[0];
    if (study === undefined || series === undefined || instance === undefined) throw new Error('a study has an image');
    const sender = createStoreEventSender(`http://127.0.0.1:${port}`);
    expect(await sender.send([dicomObject(study, series, instance)], AbortSignal.timeout(5_000))).toEqual([]);
    server.close();
    const { ideographic, latin } = study.patient;
    expect(bodies).toMatchObject([
      [
        {
          '00080018': { vr: 'UI', Value: [instance.sopInstanceUid] },
          '0020000D': { vr: 'UI', Value: [study.studyInstanceUid] },
          '00100010': {
            vr: 'PN',
            Value: [
              {
                Alphabetic: `${latin.family}^${latin.given}`,
                Ideographic: `${ideographic?.family}^${ideographic?.given}`,
              },
            ],
          },
        },
      ],
    ]);
    expect(JSON.stringify(bodies)).not.toContain('7FE00010');
  });
});
