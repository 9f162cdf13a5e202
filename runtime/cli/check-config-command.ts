// `check-config`: the checks of a start, without a start; what the bridge would do, with no secret in it.
import type { Configuration } from '../config/configuration.ts';
import { ConfigurationError } from '../config/configuration-fault.ts';
import { loadConfiguration } from '../config/load-configuration.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { type Terminal, table } from './terminal.ts';

export interface ConfigOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export function configurationOf(options: { readonly config?: string }): ReturnType<typeof loadConfiguration> {
  return loadConfiguration({ environment: process.env, file: options.config, directory: process.cwd() });
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

function summary(configuration: Configuration, path: string | undefined): [string, string | number][] {
  const { hl7, dicom, http } = configuration;
  return [
    ['file', path ?? '(none)'],
    ['dataDir', configuration.dataDirectory],
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
