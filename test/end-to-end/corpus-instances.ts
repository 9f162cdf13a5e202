// The corpus' DICOM files as pydicom, dcmtk and Orthanc read them, and what a study must count by that reading.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CorpusInstance {
  readonly path: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** By Orthanc 1.10.1 over HTTP. */
  readonly accepted: boolean;
}

export interface ExpectedImages {
  readonly instances: ReadonlySet<string>;
  readonly series: ReadonlySet<string>;
  readonly counts: ExpectedCounts;
}

export interface ExpectedCounts {
  readonly images: number;
  readonly structuredReports: number;
  readonly pdfs: number;
}

interface OracleLine {
  readonly file: string;
  readonly dcmtk: Readonly<Record<string, unknown>>;
  readonly pydicom: Readonly<Record<string, unknown>>;
}

/** The files of sources that are valid. */
export function corpusInstances(corpus: string): readonly CorpusInstance[] {
  const folder = join(corpus, 'dicom');
  const accepted = new Set(
    lines(join(folder, 'orthanc_ingest.tsv'))
      .map((line) => line.split('\t'))
      .filter(([, http]) => http === '200')
      .map(([file]) => file),
  );
  return lines(join(folder, 'oracle.jsonl')).map((line) => {
    const { file, dcmtk, pydicom }: OracleLine = JSON.parse(line);
    // dcmdump's search ends at the first element, which in two files lies in a sequence; pydicom reads the data set's own.
    const tag = (name: string): string => String(pydicom[name] || dcmtk[name] || '').trim();
    return {
      path: join(folder, file),
      sopClassUid: tag('SOPClassUID'),
      sopInstanceUid: tag('SOPInstanceUID'),
      seriesInstanceUid: tag('SeriesInstanceUID'),
      studyInstanceUid: tag('StudyInstanceUID'),
      transferSyntaxUid: tag('TransferSyntaxUID'),
      accepted: accepted.has(file),
    };
  });
}

export function hostileFiles(corpus: string): readonly string[] {
  const folder = join(corpus, 'dicom/generated-hostile');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.dcm'))
    .sort()
    .map((name) => join(folder, name));
}

/** Sets, so that a file that repeats an instance counts once. */
export function expectedByStudy(instances: readonly CorpusInstance[]): ReadonlyMap<string, ExpectedImages> {
  const byStudy = new Map<string, CorpusInstance[]>();
  for (const instance of instances) {
    const known = byStudy.get(instance.studyInstanceUid);
    if (known === undefined) byStudy.set(instance.studyInstanceUid, [instance]);
    else known.push(instance);
  }
  return new Map([...byStudy].sort().map(([uid, members]) => [uid, expectedImages(members)]));
}

function expectedImages(members: readonly CorpusInstance[]): ExpectedImages {
  const classes = new Map(members.map(({ sopInstanceUid, sopClassUid }) => [sopInstanceUid, kindOf(sopClassUid)]));
  const count = (kind: string): number => [...classes.values()].filter((known) => known === kind).length;
  return {
    instances: new Set(classes.keys()),
    series: new Set(members.map(({ seriesInstanceUid }) => seriesInstanceUid)),
    counts: { images: count('image'), structuredReports: count('report'), pdfs: count('pdf') },
  };
}

/** By the roots of PS3.6 annex A: key objects and presentation states count nowhere. */
function kindOf(sopClassUid: string): 'image' | 'report' | 'pdf' | 'none' {
  if (sopClassUid === '1.2.840.10008.5.1.4.1.1.104.1') return 'pdf';
  if (sopClassUid === '1.2.840.10008.5.1.4.1.1.88.59' || sopClassUid.startsWith('1.2.840.10008.5.1.4.1.1.11.')) {
    return 'none';
  }
  return sopClassUid.startsWith('1.2.840.10008.5.1.4.1.1.88.') ? 'report' : 'image';
}

function lines(path: string): readonly string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}
