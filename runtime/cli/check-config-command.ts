// `check-config`: the checks of a start, without a start; what the bridge would do, with no secret in it.
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationError } from '../config/configuration-fault.ts';
import type { KafkaConfiguration } from '../config/kafka-resolution.ts';
import { loadConfiguration } from '../config/load-configuration.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type Terminal, table } from './terminal.ts';

export interface ConfigOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** What the command line says wins over the environment. */
export function configurationOf(
  options: Pick<ConfigOptions, 'config' | 'dataDir'>,
): ReturnType<typeof loadConfiguration> {
  const said = options.dataDir === undefined ? {} : { STUDYBRIDGE_DATA_DIR: options.dataDir };
  const environment = { ...process.env, ...said };
  return loadConfiguration({ environment, file: options.config, directory: process.cwd() });
}

export function checkConfiguration(terminal: Terminal, options: ConfigOptions): ExitCode {
  try {
    const { configuration, path } = configurationOf(options);
    const found = summary(configuration, path);
    if (options.json === true) terminal.print(JSON.stringify({ faults: [], ...Object.fromEntries(found) }));
    else for (const line of table(found.map(([name, value]) => [name, String(value)]))) terminal.print(line);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof ConfigurationError) || options.json !== true) throw error;
    terminal.print(JSON.stringify({ faults: error.faults }));
    return EXIT.configuration;
  }
}

type Row = readonly [name: string, value: string | number];

function summary(configuration: Configuration, path: string | undefined): readonly Row[] {
  const { hl7, dicom, http, kafka, schemaRegistry } = configuration;
  return [
    ['file', path ?? '(none)'],
    ['dataDir', configuration.dataDirectory],
    ['log', kafka === undefined ? 'embedded' : `Kafka at ${kafka.connection.brokers.join(', ')}`],
    ...(kafka === undefined ? [] : kafkaRows(kafka)),
    ...(schemaRegistry === undefined ? [] : [['schemaRegistry', schemaRegistry.url] as const]),
    ['host', configuration.host],
    ['hl7.port', hl7.port],
    ['dicom.port', dicom.port],
    ['http.port', http.port],
    ['cloud', configuration.sandbox ? 'sandbox' : 'configured'],
    ...configuration.sites.map(({ site, studyQuietMs, timezone, cloud }): [string, string] => [
      `sites.${site}`,
      `${cloud === undefined ? 'sandbox cloud' : cloud.url}, ${timezone}, quiet time ${studyQuietMs} ms`,
    ]),
  ];
}

function kafkaRows({ connection, layout, spool }: KafkaConfiguration): readonly Row[] {
  return [
    ['kafka.topicPrefix', layout.topicPrefix],
    ['kafka.partitions', layout.partitions],
    ['kafka.replicationFactor', layout.replicationFactor],
    ['kafka.minInSyncReplicas', layout.minInSyncReplicas],
    ['kafka.tls', connection.tls === undefined ? 'off' : 'on'],
    ['kafka.sasl', connection.sasl?.mechanism ?? 'none'],
    ['kafka.spool', spool.enabled ? 'on' : 'off'],
  ];
}
