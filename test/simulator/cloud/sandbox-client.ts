// A client for the sandbox's tests, written from the vendor's document alone: signs and posts, no more.
import { createHmac } from 'node:crypto';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import type { StudyPayload } from '../../../schemas/cloud-payloads.ts';
import {
  createSandboxCloud,
  type SandboxCloud,
  type SandboxCloudOptions,
} from '../../../simulator/cloud/sandbox-cloud.ts';

export const APP_ID = '100001';
export const TOKEN = '0123456789abcdef0123456789abcdef';
export const REPORT_PATH = '/provisional/report';
export const DELETE_PATH = '/provisional/delete';

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** `code` of the body, where it has one. */
  readonly code: unknown;
}

export async function startSandbox(options: Partial<SandboxCloudOptions> = {}): Promise<SandboxCloud> {
  const cloud = createSandboxCloud({
    port: 0,
    accounts: new Map([[APP_ID, TOKEN]]),
    reportPath: REPORT_PATH,
    deletePath: DELETE_PATH,
    ...options,
  });
  await cloud.start(AbortSignal.timeout(5_000));
  return cloud;
}

export function signedHeaders(timestampMs = Date.now(), token = TOKEN): Record<string, string> {
  const timestamp = String(timestampMs);
  const signature = createHmac('sha256', token)
    .update(APP_ID + timestamp)
    .digest('hex');
  return { appId: APP_ID, timestamp, signature, 'content-type': 'application/json' };
}

/** Rejects as the socket does: a reset is `ECONNRESET`. */
export function send(
  url: string,
  body: string | Buffer | undefined,
  headers: Readonly<Record<string, string>> = {},
  method = body === undefined ? 'GET' : 'POST',
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, code: codeOf(text) });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export function post(
  cloud: SandboxCloud,
  path: string,
  body: unknown,
  more: Record<string, string> = {},
): Promise<Reply> {
  return send(`${cloud.url}${path}`, JSON.stringify(body), { ...signedHeaders(), ...more });
}

export async function read(cloud: SandboxCloud, path: string): Promise<unknown> {
  return JSON.parse((await send(`${cloud.url}${path}`, undefined)).text);
}

export async function plan(cloud: SandboxCloud, ...faults: readonly object[]): Promise<Reply> {
  return send(`${cloud.url}/sandbox/faults`, JSON.stringify({ faults }), { 'content-type': 'application/json' });
}

export function studyPayload(changes: Record<string, unknown> = {}): Record<string, unknown> {
  const payload: StudyPayload = {
    patientId: 'P1',
    patientName: '甲测试',
    patientSex: 'F',
    studyId: 'A1',
    accessNumber: 'A1',
    modality: 'CT',
    patientAge: '46',
    patientAgeUnit: 'Y',
    patientBirthday: '1980-01-01',
    studyDate: '2026-03-03 10:10:01',
    studyCategory: 'normal',
    status: 'registered',
    studyUid: '2.25.1',
    imageCnt: 3,
    seriesCnt: 1,
    reportCnt: 0,
    pdfCnt: 0,
  };
  const merged = { ...payload, ...changes };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== undefined));
}

function codeOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'code' in value ? value.code : undefined;
  } catch {
    // The text is the subject of the test then, not the code.
    return undefined;
  }
}
