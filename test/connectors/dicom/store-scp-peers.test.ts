// Senders that share no code with the acceptor: dcmtk's storescu, dcmsend and echoscu, and dcmjs-dimse.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { corpusFolder, hasTool } from '../../requirements.ts';
import { startedScp } from './started-scp.ts';

const corpus = corpusFolder();
const tools = ['storescu', 'dcmsend', 'echoscu'].filter((name) => !hasTool(name));
const folder = join(corpus ?? '', 'dicom');

interface OracleLine {
  readonly file: string;
  readonly dcmtk: Readonly<Record<string, string | undefined>>;
}

const oracle: readonly OracleLine[] = corpus === undefined ? [] : jsonLines(join(folder, 'oracle.jsonl'));

/** dcmtk cannot read the UIDs of these, which the files give as OB, and sends a command with another class. */
const SENT_WITH_ANOTHER_CLASS = /rtdose_rle/;
/** Orthanc 1.10.1 refused these too: they have no Study Instance UID. */
const WITHOUT_STUDY = /JPEGLSNearLossless|SC_rgb_jls_lossy/;

describe.skipIf(corpus === undefined || tools.length > 0)('store SCP and dcmtk', () => {
  test('echoscu is answered', async () => {
    await using started = await startedScp();
    expect((await run('echoscu', ['127.0.0.1', String(started.port)])).code).toBe(0);
  });

  test('storescu: the instances of a series and of every charset are those of the oracle', async () => {
    await using started = await startedScp();
    const files = oracle.filter(({ file }) => /MR\d\d\.dcm$|dcmtk-generated-zh/.test(file));
    const { output } = await run('storescu', [
      ...['-v', '-nh', '127.0.0.1', String(started.port)],
      ...files.map(({ file }) => join(folder, file)),
    ]);
    const successes = output.split('Received Store Response (Success)').length - 1;
    const records = started.log.instances();
    expect([files.length, successes, records.length]).toEqual([16 + 37, 16 + 37, 16 + 37]);
    expect(distinct(records.map(({ sopInstanceUid }) => sopInstanceUid))).toEqual(uids(files, 'SOPInstanceUID'));
    const series = records.filter(
      ({ callingAeTitle, sopClassUid }) => callingAeTitle !== '' && sopClassUid.endsWith('.4'),
    );
    expect(series).toHaveLength(16);
    expect(new Set(series.map(({ seriesInstanceUid }) => seriesInstanceUid)).size).toBe(1);
    for (const [index, { file, dcmtk }] of files.entries()) {
      if (file.includes('MISSING-ESC')) continue;
      expect(records[index]?.attributes?.study.patientName ?? '').toBe(dcmtk['PatientName']?.trim());
    }
  });

  test('dcmsend: the whole corpus, each object stored or refused as Orthanc did, sets equal', async () => {
    await using started = await startedScp();
    const reports = mkdtempSync(join(tmpdir(), 'dcmsend-'));
    const report = join(reports, 'report.txt');
    const options = ['-nh', '-dn', '+crf', report, '127.0.0.1', String(started.port)];
    await run('dcmsend', [...options, ...oracle.map(({ file }) => join(folder, file))]);
    const statuses = reportedStatuses(readFileSync(report, 'utf8'));
    rmSync(reports, { recursive: true });
    const sent = oracle.filter(({ file }) => statuses.has(file));
    const stored = sent.filter(({ file }) => statuses.get(file) === '0x0000');
    expect(sent.length).toBeGreaterThan(230);
    const acceptedByOrthanc = orthancVerdicts();
    for (const { file } of sent) {
      const expected = acceptedByOrthanc.get(file) === true && !SENT_WITH_ANOTHER_CLASS.test(file);
      expect([file, statuses.get(file) === '0x0000']).toEqual([file, expected]);
      if (!expected) expect(SENT_WITH_ANOTHER_CLASS.test(file) || WITHOUT_STUDY.test(file)).toBe(true);
    }
    const records = started.log.instances();
    expect(records).toHaveLength(stored.length);
    expect(distinct(records.map(({ sopInstanceUid }) => sopInstanceUid))).toEqual(uids(stored, 'SOPInstanceUID'));
    // 174 instances by Orthanc, less one without file meta information and two that dcmtk cannot read.
    expect(uids(stored, 'SOPInstanceUID')).toHaveLength(171);
    expect(started.log.deadLetters()).toHaveLength(sent.length - stored.length);
  });
});

describe.skipIf(corpus === undefined)('store SCP and dcmjs-dimse', () => {
  test('stores a series on one association', async () => {
    await using started = await startedScp();
    const { default: library } = await import('dcmjs-dimse');
    library.log.setLevel('silent');
    const files = oracle.filter(({ file }) => /MR0[1-8]\.dcm$/.test(file));
    const client = new library.Client();
    const statuses: number[] = [];
    for (const { file } of files) {
      const request = new library.requests.CStoreRequest(join(folder, file));
      request.on('response', (response: { getStatus(): number }) => statuses.push(response.getStatus()));
      client.addRequest(request);
    }
    await new Promise<void>((resolve, reject) => {
      client.on('closed', () => resolve());
      client.on('networkError', reject);
      client.send('127.0.0.1', started.port, 'DCMJS', 'STUDYBRIDGE');
    });
    expect(statuses).toEqual(files.map(() => 0));
    expect(distinct(started.log.instances().map(({ sopInstanceUid }) => sopInstanceUid))).toEqual(
      uids(files, 'SOPInstanceUID'),
    );
  });
});

interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/** Without TCP_NODELAY dcmtk waits 40 ms for each answer. */
function run(command: string, options: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { env: { ...process.env, TCP_NODELAY: '1' } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8');
      stream.on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

/** By file, for those that were sent at all. */
function reportedStatuses(report: string): ReadonlyMap<string, string> {
  const statuses = new Map<string, string>();
  for (const block of report.split('\n\n')) {
    const file = /Filename +: (.*)/.exec(block)?.[1];
    const status = /DIMSE Status +: (0x[0-9a-f]{4})/.exec(block)?.[1];
    if (file !== undefined && status !== undefined) statuses.set(file.slice(folder.length + 1), status);
  }
  return statuses;
}

function orthancVerdicts(): ReadonlyMap<string, boolean> {
  const lines = readFileSync(join(folder, 'orthanc_ingest.tsv'), 'utf8').trim().split('\n').slice(1);
  return new Map(
    lines.map((line) => {
      const [file = '', http = ''] = line.split('\t');
      return [file, http === '200'] as const;
    }),
  );
}

function uids(lines: readonly OracleLine[], name: string): readonly string[] {
  return distinct(lines.map(({ dcmtk }) => dcmtk[name] ?? ''));
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}

function jsonLines(path: string): readonly OracleLine[] {
  return readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line): OracleLine => JSON.parse(line));
}
