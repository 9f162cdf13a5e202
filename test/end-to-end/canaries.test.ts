// Invariant 8: no patient data in a log line, a metric, an error message or what an operator is shown unasked.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TOPICS } from '../../schemas/topics.ts';
import { MAIN_FILE } from '../compiled-tree.ts';
import { MllpClient } from '../connectors/hl7/mllp-client.ts';
import { kafkaVariables } from '../kafka/kafka-run.ts';
import { Ledger } from '../proofs/ledger.ts';
import { storeInstances } from '../proofs/modality.ts';
import { Canaries, DIGITS } from './canary.ts';
import { brokenMessages, orderMessage, resultMessage } from './canary-messages.ts';
import { brokenImages, brokenStoreEvents, imageWithCanaries, storeEvent, studyUid } from './canary-objects.ts';
import { QUOTING_ANSWERS, type QuotingCloud, startQuotingCloud } from './quoting-cloud.ts';
import { eventually, type StartedBridge, startedBridge } from './started-bridge.ts';

const FRAME_BYTES_MAX = 65_536;
const NUMBERS = Array.from({ length: QUOTING_ANSWERS }, (_, number) => number);
/** Studies whose images come as events, and by C-STORE. */
const EVENTS = NUMBERS.filter((number) => number % 2 === 1);
const IMAGES = NUMBERS.filter((number) => number % 2 === 0);

describe('invariant 8', () => {
  test('invariant 8: words planted in every field of messages, objects, events and cloud answers come out in no log, metric, status, error, acknowledgement and masked record', async () => {
    const canaries = new Canaries();
    await using cloud = await startQuotingCloud();
    const cloudEnv = {
      STUDYBRIDGE_CLOUD_URL: cloud.url,
      STUDYBRIDGE_CLOUD_APP_ID: '100001',
      // A secret must come out as little as a patient.
      STUDYBRIDGE_CLOUD_TOKEN: 'KANARIE-KANARIE-KANARIE-KANARIE-',
    };
    await using bridge = await startedBridge({
      env: {
        ...cloudEnv,
        STUDYBRIDGE_LOG_LEVEL: 'debug',
        STUDYBRIDGE_STUDY_QUIET_MS: '0',
        STUDYBRIDGE_HL7_MAX_FRAME_BYTES: String(FRAME_BYTES_MAX),
      },
    });
    const said = new Map<string, string>();
    said.set('acknowledgements', await sendMessages(bridge, canaries));
    said.set('store event answers', await postEvents(bridge, canaries));
    await answered(bridge, cloud, EVENTS.length);
    await storeImages(bridge, canaries, IMAGES.slice(0, -1));
    await answered(bridge, cloud, QUOTING_ANSWERS - 1);
    // The answer that stops the site comes last.
    await storeImages(bridge, canaries, IMAGES.slice(-1));
    await answered(bridge, cloud, QUOTING_ANSWERS);
    await storeBroken(bridge, canaries);
    // They were there: in the records, and in what went to the cloud.
    expect(canaries.planted).toBeGreaterThan(1_000);
    for (const body of cloud.received.values()) expect(canaries.leaks(body).length).toBeGreaterThan(5);

    for (const path of ['/metrics', '/readyz', '/healthz']) {
      said.set(path, await (await fetch(`http://127.0.0.1:${bridge.ports.http}${path}`)).text());
    }
    for (const [name, text] of await commandOutputs(bridge, cloudEnv)) said.set(name, text);
    expect(await bridge.drained()).toBe(0);
    said.set('stdout and stderr', bridge.process.output());

    const leaks = [...said].flatMap(([name, text]) => canaries.leaks(text).map((leak) => `${name}: ${leak}`));
    expect(leaks).toEqual([]);
    for (const [name, text] of said) expect([name, text.length > 0]).toEqual([name, true]);
    expect(bridge.process.output()).toMatch(/"level":"debug"/);
  });

  test('the same search finds a word in base64, in digits and in any case', () => {
    const canaries = new Canaries();
    const word = canaries.at('PID-5');
    for (const before of ['', 'a', 'ab']) {
      expect(canaries.leaks(Buffer.from(`${before}${word}`).toString('base64'))).not.toEqual([]);
    }
    expect(canaries.leaks(`…${word.toLowerCase()}`)).not.toEqual([]);
    expect(canaries.leaks(`"phoneNum":"${DIGITS.telephone}"`)).toEqual(['the telephone']);
    expect(canaries.leaks('nothing to see')).toEqual([]);
  });
});

/** All acknowledgements, as text. */
async function sendMessages(bridge: StartedBridge, canaries: Canaries): Promise<string> {
  const sender = await MllpClient.open(bridge.ports.hl7);
  for (let number = 0; number < QUOTING_ANSWERS; number += 1) {
    sender.send(orderMessage(canaries, number, { uid: studyUid(number) }), resultMessage(canaries, number));
  }
  await sender.expectAnswers(2 * QUOTING_ANSWERS);
  const broken = brokenMessages(canaries, FRAME_BYTES_MAX);
  sender.socket.write(`${canaries.at('between frames')}`);
  sender.send(...broken);
  await sender.expectAnswers(2 * QUOTING_ANSWERS + broken.length);
  sender.close();
  return sender.answers.join('\n');
}

async function storeImages(bridge: StartedBridge, canaries: Canaries, numbers: readonly number[]): Promise<void> {
  const ledger = new Ledger(join(bridge.folder, 'instances'));
  const images = numbers.map((number) => imageWithCanaries(canaries, number));
  await storeInstances(bridge.ports.dicom, images, ledger);
  expect(ledger.allAcknowledged.size).toBe(images.length);
}

/** None is answered yes. */
async function storeBroken(bridge: StartedBridge, canaries: Canaries): Promise<void> {
  const ledger = new Ledger(join(bridge.folder, 'broken'));
  for (const image of brokenImages(canaries)) await storeInstances(bridge.ports.dicom, [image], ledger);
  expect([...ledger.allAcknowledged]).toEqual([]);
  await new Promise<void>((resolve) => {
    const socket = connect({ port: bridge.ports.dicom, host: '127.0.0.1' });
    socket.on('error', () => {}).on('close', () => resolve());
    socket.end(`\x01\x00\x00\x00\x00\x40${canaries.at('an association request')}${' '.repeat(64)}`);
    socket.resume();
  });
}

/** All answers, as text. */
async function postEvents(bridge: StartedBridge, canaries: Canaries): Promise<string> {
  const post = async (body: string): Promise<readonly [status: number, text: string]> => {
    const answer = await fetch(`http://127.0.0.1:${bridge.ports.http}/v1/store-events`, { method: 'POST', body });
    return [answer.status, await answer.text()];
  };
  const [status, text] = await post(JSON.stringify(EVENTS.map((number) => storeEvent(canaries, number))));
  expect(status).toBe(202);
  const texts = [text];
  for (const body of brokenStoreEvents(canaries)) {
    const [refusal, reasons] = await post(body);
    expect(refusal).toBe(400);
    texts.push(reasons);
  }
  return texts.join('\n');
}

/** So many studies were answered at least once. */
async function answered(bridge: StartedBridge, cloud: QuotingCloud, studies: number): Promise<void> {
  await eventually(async () => cloud.received.size === studies, `the cloud has answered ${studies} studies`);
  await eventually(async () => {
    const { tasks } = await bridge.status();
    return tasks.length > 0 && tasks.every(({ lag }) => lag === '0');
  }, 'every task has read its inputs');
}

async function commandOutputs(
  bridge: StartedBridge,
  cloudEnv: Readonly<Record<string, string>>,
): Promise<readonly (readonly [name: string, text: string])[]> {
  const commands = [
    ['status'],
    ['status', '--json'],
    ['check-config'],
    ['check-config', '--json'],
    ...Object.keys(TOPICS).map((topic) => ['inspect', topic]),
  ];
  const outputs: (readonly [string, string])[] = [];
  for (const command of commands) outputs.push([command.join(' '), await outputOf(command, bridge, cloudEnv)]);
  return outputs;
}

function outputOf(
  command: readonly string[],
  bridge: StartedBridge,
  cloudEnv: Readonly<Record<string, string>>,
): Promise<string> {
  const env = {
    PATH: process.env['PATH'],
    STUDYBRIDGE_DATA_DIR: join(bridge.folder, 'data'),
    ...kafkaVariables(bridge.folder),
    ...cloudEnv,
  };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [MAIN_FILE, ...command], { cwd: bridge.folder, env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command.join(' ')} ended with ${code}`)),
    );
  });
}
