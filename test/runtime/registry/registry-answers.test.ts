// What the answers of a registry, or of something else at its address, mean for the start.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ANSWER_ROWS } from '../../../runtime/registry/answer-table.ts';
import { type FakeAnswer, FakeRegistry, json, opened } from './fake-registry.ts';

let registry: FakeRegistry;
beforeEach(async () => {
  registry = await FakeRegistry.open();
});
afterEach(() => registry[Symbol.asyncDispose]());

describe('answers of a schema registry', () => {
  test.each<[string, FakeAnswer, string, string]>([
    ['HTML with 200', { status: 200, body: '<html>Welcome</html>' }, 'registry.refused', 'not as a schema registry'],
    ['JSON of something else', json({ hello: 1 }), 'registry.refused', 'not as a schema registry'],
    [
      'a redirect',
      { status: 302, body: '', headers: { location: 'http://127.0.0.1:1/' } },
      'registry.refused',
      'redirects are not followed',
    ],
    ['HTML with 404', { status: 404, body: '<html>' }, 'registry.refused', 'no schema registry at this path'],
    ['401', { status: 401, body: '<html>' }, 'registry.unauthorized', 'user or password'],
    [
      '403',
      json({ error_code: 40301, message: 'Denied for subject' }, 403),
      'registry.unauthorized',
      'It says: Denied for subject',
    ],
    ['409', json({ error_code: 409, message: 'Incompatible' }, 409), 'registry.incompatible', 'It says: Incompatible'],
    ['422', json({ error_code: 42201, message: 'Bad\u0007 schema' }, 422), 'registry.refused', 'It says: Bad  schema'],
    ['500', json({ error_code: 50001, message: 'Store' }, 500), 'registry.unreachable', 'in trouble'],
    ['503 of a proxy', { status: 503, body: '<html>' }, 'registry.unreachable', '503'],
    [
      'a body without bound',
      { status: 200, body: `[${' '.repeat(3_000_000)}]` },
      'registry.refused',
      'not as a schema registry',
    ],
  ])('answers of a schema registry: %s', async (_, answer, code, message) => {
    registry.intercept = () => answer;
    await expect(opened(registry.url)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
    expect(registry.requests).toHaveLength(1);
  });

  test('answers of a schema registry: one that never ends counts as none', async () => {
    registry.intercept = () => ({ status: 200, body: '[', hangs: true });
    await expect(opened(registry.url, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'registry.unreachable',
      message: expect.stringContaining('did not answer within 50 ms'),
    });
  });

  test('answers of a schema registry: a refused connection names the address and no more', async () => {
    const { url } = registry;
    await registry[Symbol.asyncDispose]();
    await expect(opened(url, { username: 'u', password: 'secret' })).rejects.toMatchObject({
      code: 'registry.unreachable',
      message: expect.stringMatching(/127\.0\.0\.1.*ECONNREFUSED/),
    });
  });

  test('answers of a schema registry: the password never stands in an error', async () => {
    registry.intercept = () => json({ error_code: 40101, message: 'u:secret is wrong' }, 401);
    const failure: unknown = await opened(registry.url, { username: 'u', password: 'secret' }).catch(
      (error: unknown) => error,
    );
    expect(String(failure)).not.toContain('secret');
  });

  test('answers of a schema registry: every status has a row', () => {
    for (let status = 100; status < 600; status += 1) {
      expect(ANSWER_ROWS.some(({ from, to }) => status >= from && status <= to)).toBe(true);
    }
  });
});
