// What every log promises to the tasks it runs. Run by one test file an implementation.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { singleObjectCodec } from '../../../codecs/avro/record-codec.ts';
import type { Service } from '../../../runtime/contracts/service.ts';
import { jsonCodec, numberCodec, textCodec } from '../../../runtime/contracts/state-codecs.ts';
import type { StateSchema, TaskDefinition } from '../../../runtime/contracts/task.ts';
import {
  collect,
  entry,
  type LogUnderTest,
  type OpenLog,
  signal,
  task,
  text,
  until,
  untilRead,
  valuesOf,
} from './log-under-test.ts';

type Counts = { counts: number };

/** Counts the records of each key and says each count once. */
const counter: TaskDefinition<Counts> = {
  name: 'counter',
  inputs: ['hl7.messages', 'study.images'],
  outputs: ['studies'],
  stores: { counts: numberCodec },
  process: (record, { state, emit }) => {
    const count = (state.counts.get(record.key) ?? 0) + 1;
    state.counts.set(record.key, count);
    emit(entry('studies', record.key, String(count)));
  },
};

export function taskContract(name: string, open: OpenLog): void {
  describe(`${name}: tasks`, () => {
    let tested: LogUnderTest;
    beforeEach(async () => {
      tested = await open();
    });
    afterEach(async () => {
      await tested.close();
      expect(tested.fatal).toEqual([]);
    });

    async function started<S extends StateSchema, Report>(definition: TaskDefinition<S, Report>): Promise<Service> {
      const service = tested.log.run(definition);
      await service.start(signal);
      return service;
    }

    test('Invariant 2: state, outputs and positions change together, through failed commits and new owners', async () => {
      await started(counter);
      const keys = Array.from({ length: 20 }, (_, index) => `site-${index % 5}/${index}`);
      for (let round = 0; round < 30; round += 1) {
        const topic = round % 2 === 0 ? 'hl7.messages' : 'study.images';
        await tested.log.append(
          keys.map((key) => entry(topic, key, 'x')),
          signal,
        );
      }
      await untilRead(tested.log, 'counter');
      const expected = Array.from({ length: 30 }, (_, index) => String(index + 1));
      for (const key of keys) {
        expect(await valuesOf(tested.log, 'studies', key)).toEqual(expected);
        const committed = tested.log.view(counter).map(({ counts }) => counts.get(key));
        expect(committed.filter((count) => count !== undefined)).toEqual([30]);
      }
    });

    test('records of one partition are processed in the order of their offsets', async () => {
      await tested.log.append(
        Array.from({ length: 200 }, (_, index) => entry('hl7.messages', 'a/1', String(index))),
        signal,
      );
      await started(
        task({ name: 'copy', process: ({ value, key }, { emit }) => emit(entry('studies', key, text(value))) }),
      );
      await untilRead(tested.log, 'copy');
      const expected = Array.from({ length: 200 }, (_, index) => String(index));
      expect(await valuesOf(tested.log, 'studies', 'a/1')).toEqual(expected);
    });

    test('Invariant 3: a rejected record is in dead.letters with its reason, position and bytes', async () => {
      const [position] = await tested.log.append([entry('hl7.messages', 'a/1', 'bad bytes')], signal);
      await started(
        task({
          name: 'refuser',
          process: (record, { reject }) =>
            reject(record, { kind: 'permanent', code: 'avro.undecodable', message: 'not readable' }),
        }),
      );
      await untilRead(tested.log, 'refuser');
      const letters = [];
      for await (const chunk of tested.log.scan('dead.letters', {}, signal)) {
        for (const { value } of chunk)
          letters.push(singleObjectCodec().decode('dead.letters', value ?? Buffer.alloc(0)));
      }
      expect(letters).toHaveLength(1);
      expect(letters[0]).toMatchObject({
        ok: true,
        value: { site: 'a', stage: 'refuser', code: 'avro.undecodable', reason: 'not readable', key: 'a/1' },
      });
      const letter = letters[0]?.ok === true ? letters[0].value : undefined;
      expect(text(letter?.bytes ?? null)).toBe('bad bytes');
      expect(letter?.position).toEqual({
        topic: 'hl7.messages',
        partition: position?.partition,
        offset: Number(position?.offset),
      });
    });

    test('a touched key is concluded once a commit, after everything else, however often it is touched', async () => {
      await tested.log.append(
        Array.from({ length: 100 }, () => entry('hl7.messages', 'a/1', 'x')),
        signal,
      );
      await started({
        ...counter,
        name: 'snapshots',
        process: ({ key }, { state, touch }) => {
          state.counts.set(key, (state.counts.get(key) ?? 0) + 1);
          touch(key);
        },
        conclude: (key, { state, emit }) => emit(entry('studies', key, String(state.counts.get(key)))),
      });
      await untilRead(tested.log, 'snapshots');
      const snapshots = (await valuesOf(tested.log, 'studies', 'a/1')).map(Number);
      expect(snapshots.at(-1)).toBe(100);
      expect(snapshots).toEqual([...new Set(snapshots)].sort((left, right) => left - right));
      if (name.startsWith('embedded')) expect(snapshots.length).toBeLessThan(10);
    });

    test('a range is ordered by the bytes of its keys and sees the own writes of the batch', async () => {
      const seen: string[][] = [];
      await started({
        name: 'ranger',
        inputs: ['hl7.messages'],
        outputs: ['studies'],
        stores: { names: textCodec },
        process: ({ value }, { state, emit }) => {
          const [verb, key = ''] = text(value).split(' ');
          if (verb === 'set') state.names.set(key, key);
          if (verb === 'delete') state.names.delete(key);
          if (verb === 'list')
            emit(entry('studies', 'a/1', [...state.names.range(key)].map(([name]) => name).join(' ')));
        },
      });
      const say = async (...lines: readonly string[]): Promise<string> => {
        for (const line of lines) await tested.log.append([entry('hl7.messages', 'a/1', line)], signal);
        await untilRead(tested.log, 'ranger');
        return (await valuesOf(tested.log, 'studies', 'a/1')).at(-1) ?? '';
      };
      seen.push((await say('set a/b', 'set a/', 'set a/é', 'set b/x', 'list a/')).split(' '));
      seen.push((await say('set a/a', 'delete a/b', 'set a/\u{1F600}', 'set a/\uFF21', 'list a/')).split(' '));
      seen.push((await say('delete b/x', 'list b/')).split(' '));
      expect(seen).toEqual([['a/', 'a/b', 'a/é'], ['a/', 'a/a', 'a/é', 'a/\uFF21', 'a/\u{1F600}'], ['']]);
    });

    test('a timer fires once at its due time; a later call moves it; a cancelled one never fires', async () => {
      await started(
        task({
          name: 'timed',
          process: ({ key, value }, { timers, nowMs }) => {
            if (text(value) === 'cancel') timers.cancel(key);
            else timers.schedule(key, nowMs + Number(text(value)));
          },
          wake: (key, { emit, nowMs }) => emit(entry('studies', key, String(nowMs))),
        }),
      );
      const startMs = tested.clock.nowMs();
      const send = async (key: string, value: string): Promise<void> => {
        await tested.log.append([entry('hl7.messages', key, value)], signal);
        await untilRead(tested.log, 'timed');
      };
      await send('a/once', '1000');
      await send('a/moved', '1000');
      await send('a/cancelled', '1000');
      tested.clock.advance(900);
      await send('a/moved', '1000');
      await send('a/cancelled', 'cancel');
      tested.clock.advance(200);
      await until(async () => (await collect(tested.log, 'studies')).length === 1, 'the first timer fires');
      tested.clock.advance(800);
      await until(async () => (await collect(tested.log, 'studies')).length === 2, 'the moved timer fires');
      tested.clock.advance(100_000);
      await send('a/late', '0');
      await until(async () => (await collect(tested.log, 'studies')).length === 3, 'a timer due at once fires');
      expect(await collect(tested.log, 'studies')).toEqual([
        ['a/once', String(startMs + 1_100)],
        ['a/moved', String(startMs + 1_900)],
        ['a/late', String(startMs + 101_900)],
      ]);
    });

    test('a timer waits for a backlog: no study looks quiet before its images have been read', async () => {
      // upstream: hl7.messages → study.images; quiet: study.images → studies when nothing came for 1,000 ms.
      const upstream = tested.log.run(
        task({
          name: 'upstream',
          outputs: ['study.images'],
          process: ({ key, value }, { emit }) => emit(entry('study.images', key, text(value))),
        }),
      );
      const quiet = tested.log.run({
        name: 'quiet',
        inputs: ['study.images'],
        outputs: ['studies'],
        stores: { seen: jsonCodec<string[]>() },
        process: ({ key, value, appendedAtMs }, { state, timers }) => {
          state.seen.set(key, [...(state.seen.get(key) ?? []), text(value)]);
          timers.schedule(key, appendedAtMs + 1_000);
        },
        wake: (key, { state, emit }) => emit(entry('studies', key, (state.seen.get(key) ?? []).join(','))),
      });
      await quiet.start(signal);
      await tested.log.append([entry('study.images', 'a/1', 'first')], signal);
      await untilRead(tested.log, 'quiet');
      const backlog = Array.from({ length: 50 }, (_, index) => entry('hl7.messages', 'a/1', String(index)));
      await tested.log.append(backlog, signal);
      // The study is overdue, yet its images wait in the upstream task's input.
      tested.clock.advance(5_000);
      await new Promise<void>((resolve) => setTimeout(resolve, 50));
      expect(await collect(tested.log, 'studies')).toEqual([]);
      await upstream.start(signal);
      await untilRead(tested.log, 'upstream', 'quiet');
      await until(async () => {
        tested.clock.advance(1_000);
        return (await collect(tested.log, 'studies')).length > 0;
      }, 'the study is quiet');
      expect(await valuesOf(tested.log, 'studies', 'a/1')).toEqual([
        ['first', ...backlog.map(({ value }) => text(value))].join(','),
      ]);
    });

    test('effects are started with the task, woken after each commit, and a report resolves when it is committed', async () => {
      const events: string[] = [];
      const definition: TaskDefinition<Counts, string> = {
        ...counter,
        name: 'sender',
        settle: (report, { state, emit }) => {
          state.counts.delete(report);
          emit(entry('studies', report, 'settled'));
        },
        effects: (state, report) => {
          return {
            name: 'sender',
            start: async () => void events.push('start'),
            wake: () => {
              events.push('wake');
              for (const [key] of state.counts.range('a/')) {
                report(key).then(
                  () => events.push(`settled ${key}`),
                  () => events.push('lost'),
                );
              }
            },
            drain: async () => void events.push('drain'),
            ended: new Promise<void>(() => {}),
            [Symbol.asyncDispose]: async () => {},
          };
        },
      };
      await started(definition);
      await tested.log.append([entry('hl7.messages', 'a/1', 'x')], signal);
      await until(
        async () => (await valuesOf(tested.log, 'studies', 'a/1')).includes('settled'),
        'the report is committed',
      );
      expect(events[0]).toBe('start');
      expect(events).toContain('wake');
      expect(tested.log.view(definition).flatMap(({ counts }) => [...counts.range('')])).toEqual([]);
    });

    test('draining lets the effects finish, and what they report meanwhile is still committed', async () => {
      const definition = task<string>({
        name: 'poller',
        settle: (report, { emit }) => emit(entry('studies', 'a/1', report)),
        effects: (_state, report) => ({
          name: 'poller',
          start: async () => {},
          wake: () => {},
          // An owner that lost the partition cannot settle; the next one polls again.
          drain: async () => void (await report('last page').catch(() => {})),
          ended: new Promise<void>(() => {}),
          [Symbol.asyncDispose]: async () => {},
        }),
      });
      const service = await started(definition);
      await service.drain(signal);
      await service.ended;
      const values = await valuesOf(tested.log, 'studies', 'a/1');
      if (name.startsWith('embedded')) expect(values).toEqual(['last page']);
      else expect(values.every((value) => value === 'last page')).toBe(true);
    });

    test('a drained task reads no more, and one that runs again goes on where it ended', async () => {
      const service = await started(counter);
      await tested.log.append([entry('hl7.messages', 'a/1', 'x')], signal);
      await untilRead(tested.log, 'counter');
      await service.drain(signal);
      await service.ended;
      await tested.log.append([entry('hl7.messages', 'a/1', 'x')], signal);
      expect(await valuesOf(tested.log, 'studies', 'a/1')).toEqual(['1']);
      await started(counter);
      await untilRead(tested.log, 'counter');
      expect(await valuesOf(tested.log, 'studies', 'a/1')).toEqual(['1', '2']);
    });

    test('a task ends with its effects when these fail by themselves', async () => {
      const failing = task<string>({
        name: 'failing',
        effects: () => ({
          name: 'failing',
          start: async () => {},
          wake: () => {},
          drain: async () => {},
          ended: new Promise<void>((_resolve, reject) => setImmediate(() => reject(new Error('the effects failed')))),
          [Symbol.asyncDispose]: async () => {},
        }),
      });
      const service = await started(failing);
      await expect(service.ended).rejects.toThrow('the effects failed');
      expect(tested.fatal.splice(0).map(({ message }) => message)).toEqual(['the effects failed']);
    });

    test('a task that was never started can be drained', async () => {
      const service = tested.log.run(counter);
      await service.drain(signal);
      await service.ended;
    });
  });
}
