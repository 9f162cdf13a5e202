// The corpus over a real socket: each message is answered, none is lost.
import { describe, expect, test } from 'vitest';
import { corpusMessage, expectedLines, messageFiles } from '../../codecs/hl7/corpus-messages.ts';
import { corpusFolder } from '../../requirements.ts';
import { order, verdict } from './mllp-client.ts';
import { startServer } from './started-server.ts';

const corpus = corpusFolder() ?? '';

describe.skipIf(corpus === '')('MLLP server on the corpus', () => {
  test('MLLP server: every Chinese message arrives with its character set and its identifiers', async () => {
    const { log, client } = await startServer();
    const sender = await client();
    const lines = expectedLines(corpus);
    sender.send(...lines.map(({ file }) => corpusMessage(corpus, `generated-zh/${file}`)));
    const answers = await sender.expectAnswers(183);
    expect(answers.map(verdict)).toEqual(lines.map(({ controlId }) => `AA ${controlId}`));
    expect(answers.join('')).toMatch(/^[ -~\r]*$/);
    const records = log.messages();
    expect(records.length).toBe(183);
    for (const [at, line] of lines.entries()) {
      const record = records[at];
      expect(record, line.file).toMatchObject({
        controlId: line.controlId,
        messageType: line.messageType.split('^').slice(0, 2).join('^'),
        disposition: line.messageType.startsWith('ADT') ? 'recorded' : 'used',
        charset: {
          declared: line.charset.declared,
          used: line.charset.used,
          contradicted: line.charset.contradicted,
          byteOrderMark: line.charset.bom,
        },
        identifiers: {
          accessionNumbers: line.identifiers.accession ?? [],
          placerOrderNumbers: line.identifiers.placer ?? [],
          fillerOrderNumbers: line.identifiers.filler ?? [],
          studyInstanceUids: line.identifiers.studyInstanceUid ?? [],
        },
      });
      const sent = corpusMessage(corpus, `generated-zh/${line.file}`);
      expect(Buffer.from(record?.raw ?? []).equals(sent), line.file).toBe(true);
    }
  });

  test.each(['microsoft-fhir-converter', 'dcm4che'])(
    'MLLP server: every message of %s is accepted and kept',
    async (folder) => {
      const { log, client } = await startServer();
      const sender = await client();
      const files = messageFiles(corpus, folder);
      sender.send(...files.map((file) => corpusMessage(corpus, file)));
      const unwanted = files.filter((file) =>
        /^[^M]{0,3}MSH(?:\|[^|]*){13}\|NE\|NE/.test(corpusMessage(corpus, file).toString('latin1')),
      );
      const answers = await sender.expectAnswers(files.length - unwanted.length);
      await expect.poll(() => log.entries.length).toBe(files.length);
      expect(log.deadLetters().map(({ code }) => code)).toEqual([]);
      expect(answers.filter((answer) => !verdict(answer).startsWith('AA'))).toEqual([]);
    },
  );

  test('MLLP server: hostile messages are answered or refused, and a neighbour is served meanwhile', async () => {
    const { log, client } = await startServer();
    const neighbour = await client();
    const files = messageFiles(corpus, 'generated-hostile');
    expect(files.length).toBe(27);
    let neighbours = 0;
    for (const file of files) {
      const sender = await client();
      const kept = log.entries.length;
      const begin = performance.now();
      sender.send(corpusMessage(corpus, file));
      neighbour.send(order(`B${neighbours}`));
      neighbours += 1;
      await Promise.all([sender.expectAnswers(1), neighbour.expectAnswers(neighbours)]);
      expect(performance.now() - begin, file).toBeLessThan(1000);
      const answers = sender.answers.map(verdict);
      expect(log.entries.length, file).toBe(kept + answers.length + 1);
      for (const answer of sender.answers) expect(answer, file).toMatch(/^MSH[ -~]*\rMSA[ -~]*\r(?:ERR[ -~]*\r)?$/);
      sender.close();
    }
    const refused = log.deadLetters().map(({ code }) => code);
    expect(refused.sort()).toEqual([
      'hl7.missing_control_id',
      'hl7.missing_control_id',
      'hl7.missing_control_id',
      'hl7.missing_control_id',
      'hl7.unreadable_header',
      'hl7.unreadable_header',
    ]);
    expect(neighbour.answers.map(verdict).every((answer) => answer.startsWith('AA'))).toBe(true);
  });
});
