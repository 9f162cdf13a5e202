// The tasks of the bridge, made from the configuration.
import type { RecordCodec } from '../../codecs/avro/record-codec.ts';
import { readHl7Message } from '../../codecs/hl7/message.ts';
import type { AssemblySettings } from '../../processors/assembly/assembly-settings.ts';
import { type AssemblyOptions, assemblyTask } from '../../processors/assembly/assembly-task.ts';
import { mapDicomStudy } from '../../processors/mapping/dicom-mapping.ts';
import { mapHl7Message } from '../../processors/mapping/hl7-mapping.ts';
import { defaultMappingSettings, type MappingSettings } from '../../processors/mapping/mapping-settings.ts';
import { tallyTask } from '../../processors/tally/tally-task.ts';
import { succeeded } from '../../schemas/failure.ts';
import type { CloudAccount } from '../../sinks/cloud/cloud-account.ts';
import { cloudSinkTask } from '../../sinks/cloud/cloud-sink.ts';
import type { Configuration, SiteConfiguration } from '../config/configuration.ts';
import type { Clock } from '../contracts/clock.ts';
import type { Telemetry } from '../contracts/telemetry.ts';

export interface TaskParts {
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** By site. */
  readonly accounts: ReadonlyMap<string, CloudAccount>;
}

export type BridgeTasks = ReturnType<typeof bridgeTasks>;

export function bridgeTasks(configuration: Configuration, parts: TaskParts) {
  const { codec, clock, telemetry, accounts } = parts;
  return {
    tally: tallyTask({ codec }),
    assembly: assemblyTask({ codec, ...mappings(configuration), settings: settingsOf(configuration, accounts) }),
    sink: cloudSinkTask({ codec, clock, telemetry, sites: accounts }),
  };
}

function mappings(configuration: Configuration): Pick<AssemblyOptions, 'readAndMap' | 'mapDicomStudy'> {
  const sites = new Map<string, MappingSettings>(configuration.sites.map((site) => [site.site, mappingSettings(site)]));
  const of = (site: string): MappingSettings => sites.get(site) ?? defaultMappingSettings;
  return {
    readAndMap: (record) => {
      // The character set that was configured when the message came, not the one of now: a replay reads the same.
      const defaultCharset = record.charset.declared.find(({ where }) => where === 'configured')?.value;
      const message = readHl7Message(record.raw, defaultCharset === undefined ? {} : { defaultCharset });
      return message.ok ? succeeded(mapHl7Message(message.value, of(record.site))) : message;
    },
    mapDicomStudy: (images) => mapDicomStudy(images, of(images.site)),
  };
}

function mappingSettings({ timezone, mapping }: SiteConfiguration): MappingSettings {
  return {
    ...defaultMappingSettings,
    timezone,
    edition: mapping.edition,
    joinModalities: mapping.modality === 'all',
    ...(mapping.permitTypes === undefined ? {} : { permitTypes: upperCase(mapping.permitTypes) }),
    ...(mapping.otherInfoTypes === undefined ? {} : { otherInfoTypes: upperCase(mapping.otherInfoTypes) }),
  };
}

function upperCase(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.toUpperCase());
}

function settingsOf(
  configuration: Configuration,
  accounts: ReadonlyMap<string, CloudAccount>,
): (site: string) => AssemblySettings | undefined {
  const sites = new Map<string, AssemblySettings>(
    configuration.sites.map(({ site, timezone, studyQuietMs, mapping }) => {
      const { studyId, doseReportsCount, imageCountHoldsReports, seriesCount } = mapping;
      const account = accounts.get(site);
      const reportDelivery = account?.reportPath !== undefined;
      const withdrawalDelivery = account?.deletePath !== undefined;
      const settings = { timezone, studyQuietMs, studyId, doseReportsCount, imageCountHoldsReports, seriesCount };
      return [site, { ...settings, reportDelivery, withdrawalDelivery }];
    }),
  );
  return (site) => sites.get(site);
}
