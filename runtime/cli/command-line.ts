// The commands, their options and their help.
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { SANDBOX_APP_ID } from '../../simulator/cloud/sandbox-account.ts';
import { SECRET_VARIABLES } from '../config/configuration-source.ts';
import { OPTION_ROWS } from '../config/option-table.ts';
import { PART_ROLES } from '../wiring/role.ts';
import { checkConfiguration } from './check-config-command.ts';
import { EXIT, type ExitCode, reportFailure } from './exit-code.ts';
import { explain } from './explain-command.ts';
import { inspect } from './inspect-command.ts';
import { packageVersion } from './package-version.ts';
import { runBridge } from './run-command.ts';
import { runSandbox } from './sandbox-command.ts';
import { send } from './send-command.ts';
import { showStatus } from './status-command.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/** Runs one command to its end and ends the process with its exit code. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  let exitCode: ExitCode = EXIT.done;
  const program = commands(terminal, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    exitCode = error instanceof CommanderError ? usageExit(error) : reportFailure(terminal, error);
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
  // A socket or a timer that a part left behind must not hold the process beyond its end.
  process.exit(exitCode);
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve());
  });
}

/** Help and version end with 0; a wrong option is a fault of the configuration. */
function usageExit(error: CommanderError): ExitCode {
  return error.exitCode === 0 ? EXIT.done : EXIT.configuration;
}

const configOption = () =>
  new Option('--config <file>', 'configuration file (default: studybridge.yaml if it is there)');
const dataDirOption = () => new Option('--data-dir <path>', 'data directory, in place of STUDYBRIDGE_DATA_DIR');
const jsonOption = () => new Option('--json', 'print JSON');
const roleOption = () => new Option('--role <role>', 'ask the bridge that runs in this role').choices(PART_ROLES);

function commands(terminal: Terminal, exitWith: ExitWith): Command {
  const program = new Command('studybridge')
    .description(
      'Carries orders, images and reports from a hospital to the imaging cloud, and loses nothing on the way.',
    )
    .version(packageVersion())
    .configureHelp({ showGlobalOptions: false })
    .showSuggestionAfterError()
    .exitOverride();
  example(program, 'studybridge run');
  addPlayers(program, terminal, exitWith);
  addReaders(program, terminal, exitWith);
  addKafka(program, terminal, exitWith);
  return program;
}

/** What runs and sends. */
function addPlayers(program: Command, terminal: Terminal, exitWith: ExitWith): void {
  added(
    program,
    'run',
    'start the bridge, or on Kafka one role of it, and a sandbox cloud beside the sinks when no cloud is configured',
    'STUDYBRIDGE_HL7_PORT=6661 studybridge run --config studybridge.yaml\n  KAFKA_BROKERS=kafka:9092 studybridge run connectors',
  )
    .addArgument(
      new Argument('[role]', 'what this process does; without it, all of it. Any number of each may run').choices(
        PART_ROLES,
      ),
    )
    .addOption(configOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .addHelpText('after', variablesHelp())
    .action(async (role, options) => exitWith(await runBridge(terminal, role, options)));
  added(program, 'sandbox', 'start the sandbox cloud alone', 'studybridge sandbox --port 8090 --folder ./sandbox')
    .option('--port <number>', 'port to listen on; 0 picks a free one', wholeNumber(0, 65_535), 8090)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--app-id <id>', 'application id of its account', SANDBOX_APP_ID)
    .option(
      '--folder <path>',
      'where its state and its token are kept (default: ./studybridge-sandbox, or nowhere when STUDYBRIDGE_CLOUD_TOKEN gives the token)',
    )
    .addOption(jsonOption())
    .action(async (options) => exitWith(await runSandbox(terminal, options)));
  added(
    program,
    'send',
    'play a small hospital against the running bridge and compare what the cloud ends with',
    'studybridge send --studies 20 --seed 7',
  )
    .addOption(configOption())
    .addOption(dataDirOption())
    .option('--studies <number>', 'studies to send', wholeNumber(1, 100_000), 12)
    .option('--seed <number>', 'the same seed sends the same studies', wholeNumber(0, 2 ** 31), 1)
    .option('--rate <number>', 'messages and objects a second; 0 for no limit', wholeNumber(0, 100_000), 100)
    .option('--sandbox <url>', 'address of the sandbox cloud, for a bridge that runs in a container')
    .addOption(jsonOption())
    .action(async (options) => exitWith(await send(terminal, options)));
}

/** What looks and explains. */
function addReaders(program: Command, terminal: Terminal, exitWith: ExitWith): void {
  added(
    program,
    'inspect',
    'print the records of a topic as JSON lines, patient data masked',
    'studybridge inspect studies --limit 5',
  )
    .argument('<topic>', 'name of the topic, such as hl7.messages')
    .addOption(configOption())
    .addOption(dataDirOption())
    .addOption(roleOption())
    .addOption(new Option('--from <offset>', 'first offset').argParser(offset))
    .option('--limit <number>', 'at most so many records', wholeNumber(1, 1_000_000_000))
    .option('--follow', 'go on with what is appended later')
    .option('--reveal', 'show patient data')
    .addOption(new Option('--json', 'print JSON lines (as always)').hideHelp())
    .action(async (topic, options) => exitWith(await inspect(terminal, topic, options)));
  added(
    program,
    'status',
    'say what the bridge does: ports, lag, waiting studies, the cloud’s queue',
    'studybridge status --json',
  )
    .addOption(configOption())
    .addOption(dataDirOption())
    .addOption(roleOption())
    .addOption(jsonOption())
    .action(async (options) => exitWith(await showStatus(terminal, options)));
  added(
    program,
    'check-config',
    'check the configuration and name every fault',
    'studybridge check-config --config studybridge.yaml',
  )
    .addOption(configOption())
    .addOption(jsonOption())
    .action((options) => exitWith(checkConfiguration(terminal, options)));
  added(program, 'explain', 'explain a failure code, or list them', 'studybridge explain log.full')
    .argument('[code]', 'the code; without it, all are listed')
    .addOption(jsonOption())
    .action((code, options) => exitWith(explain(terminal, code, options)));
}

/** The Kafka client is loaded by the commands that use it. */
const topicCommands = () => import('./topics-command.ts');

/** What is done on a Kafka cluster before the bridge runs there. */
function addKafka(program: Command, terminal: Terminal, exitWith: ExitWith): void {
  const topics = added(
    program,
    'topics',
    'list, create and verify the topics the bridge needs on Kafka',
    'KAFKA_BROKERS=kafka:9092 studybridge topics create',
  );
  added(topics, 'list', 'say which topics must be, and whether they are', 'studybridge topics list --json')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options) => exitWith(await (await topicCommands()).showTopics(terminal, options)));
  added(topics, 'create', 'create what is missing, change nothing', 'studybridge topics create')
    .addOption(configOption())
    .addOption(jsonOption())
    .action(async (options) => exitWith(await (await topicCommands()).makeTopics(terminal, options)));
  added(
    topics,
    'verify',
    'name what is missing or differs, and leave with 1 when the bridge would not start',
    'studybridge topics verify --repair',
  )
    .addOption(configOption())
    .option('--repair', 'set what may be changed while a topic is in use')
    .addOption(jsonOption())
    .action(async (options) => exitWith(await (await topicCommands()).checkTopics(terminal, options)));
  added(
    program,
    'migrate',
    'carry the embedded log of the data directory to Kafka, while no bridge runs; goes on where it was stopped',
    'KAFKA_BROKERS=kafka:9092 studybridge migrate --to-kafka',
  )
    .requiredOption('--to-kafka', 'where to: there is one way')
    .addOption(configOption())
    .addOption(dataDirOption())
    .addOption(jsonOption())
    .action(async (options) => exitWith(await (await import('./migrate-command.ts')).migrate(terminal, options)));
}

type ExitWith = (code: ExitCode) => void;

function added(program: Command, name: string, description: string, shown: string): Command {
  return example(program.command(name).description(description).exitOverride(), shown);
}

function example(command: Command, shown: string): Command {
  return command.addHelpText('after', `\nExample:\n  ${shown}`);
}

/** From the one declaration of the options. */
function variablesHelp(): string {
  const rows = OPTION_ROWS.flatMap(({ variable, sentence, defaultText }) =>
    variable === undefined
      ? []
      : [`  ${variable}\n      ${sentence}${defaultText === undefined ? '' : ` Default: ${defaultText}.`}`],
  );
  const secrets = SECRET_VARIABLES.map(([name, sentence]) => `  ${name}\n      ${sentence}`);
  return `\nEnvironment (wins over the file):\n${[...rows, ...secrets].join('\n')}`;
}

function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d{1,15}$/.test(text) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
}

function offset(text: string): string {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('It must be an offset, a whole number.');
  return text;
}
