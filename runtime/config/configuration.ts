// The configuration as the parts see it: whole, checked, read-only.
import type { Site } from '../../schemas/identifiers.ts';
import type { TopicName } from '../../schemas/records.ts';
import type { ConfigurationFile, SiteFile } from './configuration-file.ts';
import type { KafkaConfiguration, RegistryConfiguration } from './kafka-resolution.ts';

export interface Configuration {
  /** Absolute. */
  readonly dataDirectory: string;
  readonly host: string;
  readonly logLevel: ConfigurationFile['logLevel'];
  readonly hl7: Readonly<ConfigurationFile['hl7']>;
  readonly dicom: Readonly<ConfigurationFile['dicom']>;
  readonly http: Readonly<ConfigurationFile['http']>;
  readonly log: Readonly<ConfigurationFile['log']>;
  /** Undefined: the embedded log. */
  readonly kafka: KafkaConfiguration | undefined;
  /** Undefined: records are written in Avro's single-object encoding. */
  readonly schemaRegistry: RegistryConfiguration | undefined;
  readonly retentionMs: Readonly<Partial<Record<TopicName, number>>>;
  /** No site has a cloud: a sandbox cloud is started beside the bridge. */
  readonly sandbox: boolean;
  /** At least one. */
  readonly sites: readonly SiteConfiguration[];
}

export interface SiteConfiguration {
  readonly site: Site;
  readonly timezone: string;
  readonly studyQuietMs: number;
  readonly hl7DefaultCharset: string | undefined;
  /** Undefined exactly when `sandbox` is set. */
  readonly cloud: CloudConfiguration | undefined;
  readonly cloudTimeoutMs: number;
  readonly cloudParallelMax: number;
  readonly mapping: Readonly<SiteFile['mapping']>;
  readonly hl7Sources: readonly Hl7Source[];
  readonly dicomSources: readonly DicomSource[];
}

export interface CloudConfiguration {
  /** Without a slash at the end. */
  readonly url: string;
  readonly appId: string;
  readonly token: string;
  readonly reportPath: string | undefined;
  readonly deletePath: string | undefined;
  /** PEM. */
  readonly authorities: string | undefined;
  readonly certificateFingerprint: string | undefined;
}

export type Hl7Source = Readonly<SiteFile['sources']['hl7'][number]>;
export type DicomSource = Readonly<SiteFile['sources']['dicom'][number]>;
