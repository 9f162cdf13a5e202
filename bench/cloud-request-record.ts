// A synthetic request to the cloud, about 2 KB.
import { createHash } from 'node:crypto';
import type { CloudRequest, CloudRequestKind } from '../schemas/records.ts';

const TEXT = '双肺纹理清晰，右肺上叶后段见磨玻璃结节，边界欠清，邻近胸膜轻度牵拉。'.repeat(16);

export function requestRecord(site: string, number: number, kind: CloudRequestKind): CloudRequest {
  const study = { patientId: `P${number}`, patientName: '测试甲', patientSex: 'F', studyId: `A${number}` };
  const fields = { ...study, accessNumber: `A${number}`, modality: 'CT', imageCnt: number, examInfo: TEXT };
  const report = {
    reportId: `R${number}`,
    studyId: `A${number}`,
    accessNumber: `A${number}`,
    status: 'final',
    version: 1,
  };
  const body = JSON.stringify(kind === 'study' ? fields : { ...report, findings: TEXT });
  return {
    site,
    studyKey: `study-${number}`,
    kind,
    reportId: kind === 'report' ? `R${number}` : null,
    revision: 1,
    mappingVersion: 1,
    cloudStudyId: `A${number}`,
    body,
    documentHashes: [],
    contentHash: createHash('sha256').update(body).digest('hex'),
    createdAtMs: Date.now(),
    originAtMs: Date.now(),
    causes: [],
  };
}
