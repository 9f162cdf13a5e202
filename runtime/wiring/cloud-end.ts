// Where studies go: the configured clouds, or the sandbox beside the bridge.
import { join } from 'node:path';
import { SANDBOX_APP_ID, sandboxToken } from '../../simulator/cloud/sandbox-account.ts';
import { createSandboxCloud, SANDBOX_DELETE_PATH, SANDBOX_REPORT_PATH } from '../../simulator/cloud/sandbox-cloud.ts';
import type { CloudAccount } from '../../sinks/cloud/cloud-account.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Service } from '../contracts/service.ts';
import type { SiteCloud } from './bridge.ts';

export interface CloudEnd {
  /** To be started before the sink; none when the cloud is elsewhere. */
  readonly services: readonly Service[];
  /** By site; known once the services have started. */
  accounts(): ReadonlyMap<string, CloudAccount>;
  sites(): readonly SiteCloud[];
}

export async function createCloudEnd(configuration: Configuration): Promise<CloudEnd> {
  return configuration.sandbox ? await sandboxEnd(configuration) : cloudEnd(configuration);
}

function cloudEnd(configuration: Configuration): CloudEnd {
  const accounts = configuredAccounts(configuration);
  return { services: [], accounts: () => accounts, sites: () => siteClouds(configuration, accounts) };
}

export function configuredAccounts(configuration: Configuration): ReadonlyMap<string, CloudAccount> {
  return new Map(
    configuration.sites.flatMap(({ site, cloud, cloudTimeoutMs, cloudParallelMax }): [string, CloudAccount][] =>
      cloud === undefined
        ? []
        : [
            [
              site,
              {
                url: cloud.url,
                appId: cloud.appId,
                token: cloud.token,
                timeoutMs: cloudTimeoutMs,
                inFlightMax: cloudParallelMax,
                ca: cloud.authorities,
                fingerprint256: cloud.certificateFingerprint,
                reportPath: cloud.reportPath,
                deletePath: cloud.deletePath,
              },
            ],
          ],
    ),
  );
}

/** Keeps its state in the data directory, so that a second start goes on with the cloud it left. */
async function sandboxEnd(configuration: Configuration): Promise<CloudEnd> {
  const folder = join(configuration.dataDirectory, 'sandbox');
  const token = await sandboxToken(folder);
  const appIds = new Map(configuration.sites.map(({ site }, index) => [site, String(Number(SANDBOX_APP_ID) + index)]));
  const sandbox = createSandboxCloud({
    port: 0,
    accounts: new Map([...appIds.values()].map((appId) => [appId, token])),
    folder,
    reportPath: SANDBOX_REPORT_PATH,
    deletePath: SANDBOX_DELETE_PATH,
  });
  const accounts = () =>
    new Map<string, CloudAccount>(
      configuration.sites.map(({ site, cloudTimeoutMs, cloudParallelMax }) => [
        site,
        {
          url: sandbox.url,
          appId: appIds.get(site) ?? SANDBOX_APP_ID,
          token,
          timeoutMs: cloudTimeoutMs,
          inFlightMax: cloudParallelMax,
          reportPath: SANDBOX_REPORT_PATH,
          deletePath: SANDBOX_DELETE_PATH,
        },
      ]),
    );
  return { services: [sandbox], accounts, sites: () => siteClouds(configuration, accounts()) };
}

function siteClouds(configuration: Configuration, accounts: ReadonlyMap<string, CloudAccount>): readonly SiteCloud[] {
  return configuration.sites.flatMap(({ site, studyQuietMs }) => {
    const account = accounts.get(site);
    if (account === undefined) return [];
    const { url, reportPath, deletePath } = account;
    return [{ site, url, studyQuietMs, reports: reportPath !== undefined, withdrawals: deletePath !== undefined }];
  });
}
