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
import type { TaskOutline } from '../log/tasks/timer-barrier.ts';

export interface TaskParts {
  readonly codec: RecordCodec;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** By site; empty where nothing is delivered. */
  readonly accounts: ReadonlyMap<string, CloudAccount>;
}

export type BridgeTasks = ReturnType<typeof bridgeTasks>;

export function bridgeTasks(configuration: Configuration, parts: TaskParts) {
  const { codec, clock, telemetry, accounts } = parts;
  return {
    tally: tallyTask({ codec }),
    assembly: assemblyTask({ codec, ...mappings(configuration), settings: settingsOf(configuration) }),
    sink: cloudSinkTask({ codec, clock, telemetry, sites: accounts }),
  };
}

/** What every task of the bridge reads and writes, whichever of them run here. */
export function taskOutlines(configuration: Configuration, parts: Omit<TaskParts, 'accounts'>): readonly TaskOutline[] {
  return Object.values(bridgeTasks(configuration, { ...parts, accounts: new Map() })).map(
    ({ name, inputs, outputs }) => ({ name, inputs, outputs }),
  );
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

/** Says nothing of credentials: processors need none. */
function settingsOf(configuration: Configuration): (site: string) => AssemblySettings | undefined {
  const sites = new Map<string, AssemblySettings>(
    configuration.sites.map(({ site, timezone, studyQuietMs, mapping, cloud }) => {
      const { studyId, doseReportsCount, imageCountHoldsReports, seriesCount } = mapping;
      // The sandbox offers both calls.
      const reportDelivery = configuration.sandbox || cloud?.reportPath !== undefined;
      const withdrawalDelivery = configuration.sandbox || cloud?.deletePath !== undefined;
      const settings = { timezone, studyQuietMs, studyId, doseReportsCount, imageCountHoldsReports, seriesCount };
      return [site, { ...settings, reportDelivery, withdrawalDelivery }];
    }),
  );
  return (site) => sites.get(site);
}
