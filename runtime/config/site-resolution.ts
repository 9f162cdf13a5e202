// The sites of a configuration: credentials read, addresses checked, defaults that depend on the sandbox.
import { parseSite } from '../../schemas/identifiers.ts';
import { isLoopbackHost } from './address-range.ts';
import type { CloudConfiguration, Configuration, SiteConfiguration } from './configuration.ts';
import { MASKED } from './configuration-fault.ts';
import type { SiteFile } from './configuration-file.ts';
import { TOKEN_VARIABLE } from './configuration-source.ts';
import { type Faults, fileText, type Surroundings } from './secret-text.ts';

const STUDY_QUIET_MS = 60_000;
/** Nobody waits a minute to see the sandbox answer. */
const SANDBOX_STUDY_QUIET_MS = 3_000;
/** The cloud's field encryption (AES-256) takes the token's 32 characters as its key. */
const TOKEN = /^[\x21-\x7e]{32}$/;

export function resolveSites(
  files: Readonly<Record<string, SiteFile>>,
  around: Surroundings,
  faults: Faults,
): Pick<Configuration, 'sandbox' | 'sites'> {
  const sandbox = !Object.entries(files).some(([name, file]) => meantForCloud(name, file, around));
  const sites: SiteConfiguration[] = [];
  for (const [name, file] of Object.entries(files)) {
    const site = parseSite(name);
    if (site === undefined) continue;
    checkSourceNames(name, file, faults);
    sites.push({
      site,
      timezone: file.timezone,
      studyQuietMs: file.studyQuietMs ?? (sandbox ? SANDBOX_STUDY_QUIET_MS : STUDY_QUIET_MS),
      hl7DefaultCharset: file.hl7DefaultCharset,
      cloud: sandbox ? undefined : cloudOf(name, file.cloud, around, faults),
      cloudTimeoutMs: file.cloud.timeoutMs,
      cloudParallelMax: file.cloud.parallelMax,
      mapping: file.mapping,
      hl7Sources: file.sources.hl7,
      dicomSources: file.sources.dicom,
    });
  }
  return { sandbox, sites };
}

/** Any of address, appId or token: then the rest is missing, and nothing goes to a sandbox by mistake. */
function meantForCloud(name: string, { cloud }: SiteFile, { environment }: Surroundings): boolean {
  const token = name === 'default' && (environment[TOKEN_VARIABLE] ?? '') !== '';
  return [cloud.url, cloud.appId, cloud.tokenVariable, cloud.tokenFile].some((part) => part !== undefined) || token;
}

function cloudOf(
  name: string,
  file: SiteFile['cloud'],
  around: Surroundings,
  faults: Faults,
): CloudConfiguration | undefined {
  const at = (key: string): readonly string[] => ['sites', name, 'cloud', key];
  const url = cloudUrl(at('url'), file.url, faults);
  if (file.appId === undefined) faults.addMissing(at('appId'), 'the appId the cloud gave to this hospital');
  const token = cloudToken(name, file, around, faults);
  const authorities = fileText(at('caFile'), file.caFile, around, faults);
  if (url === undefined || file.appId === undefined || token === undefined) return undefined;
  return {
    url,
    appId: file.appId,
    token,
    reportPath: file.reportPath,
    deletePath: file.deletePath,
    authorities,
    certificateFingerprint: file.certificateFingerprint,
  };
}

function cloudUrl(path: readonly string[], text: string | undefined, faults: Faults): string | undefined {
  if (text === undefined) {
    faults.addMissing(path, 'the https address of the cloud');
    return undefined;
  }
  if (!URL.canParse(text)) {
    faults.add(path, text, 'an https address, or an http address on this machine');
    return undefined;
  }
  const url = new URL(text);
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    faults.add(path, undefined, 'an address without credentials, query and fragment', MASKED);
    return undefined;
  }
  if (url.protocol !== 'https:' && !isLoopbackHost(url.hostname)) {
    faults.add(path, text, 'an https address: one without TLS is accepted on this machine only');
    return undefined;
  }
  return url.href.replace(/\/+$/, '');
}

function cloudToken(name: string, file: SiteFile['cloud'], around: Surroundings, faults: Faults): string | undefined {
  const preset = name === 'default' && (around.environment[TOKEN_VARIABLE] ?? '') !== '' ? TOKEN_VARIABLE : undefined;
  const variable = file.tokenVariable ?? preset;
  const path = ['sites', name, 'cloud', file.tokenFile === undefined ? 'tokenVariable' : 'tokenFile'];
  if (variable !== undefined && file.tokenFile !== undefined) {
    faults.add(path, undefined, `the token from one place, a variable (${variable}) or a file, not both`, MASKED);
    return undefined;
  }
  if (variable === undefined && file.tokenFile === undefined) {
    if (name === 'default') {
      faults.addVariable(TOKEN_VARIABLE, '(missing)', `a token of 32 characters, or ${TOKEN_VARIABLE}_FILE`);
    } else faults.addMissing(path, 'a token, by tokenVariable or tokenFile');
    return undefined;
  }
  const token =
    file.tokenFile === undefined
      ? (around.environment[variable ?? ''] ?? '')
      : fileText(path, file.tokenFile, around, faults)?.split(/\r?\n/, 1)[0]?.trim();
  if (token === undefined) return undefined;
  if (TOKEN.test(token)) return token;
  const shown = token === '' ? '(missing)' : MASKED;
  if (file.tokenFile === undefined) faults.addVariable(`${variable}`, shown, 'a token of 32 characters');
  else faults.add(path, undefined, 'a file whose first line is a token of 32 characters', shown);
  return undefined;
}

function checkSourceNames(name: string, file: SiteFile, faults: Faults): void {
  for (const kind of ['hl7', 'dicom'] as const) {
    const seen = new Set<string>();
    for (const [at, source] of file.sources[kind].entries()) {
      if (seen.has(source.name)) {
        faults.add(['sites', name, 'sources', kind, at, 'name'], source.name, 'a name of its own in this site');
      }
      seen.add(source.name);
    }
  }
}
