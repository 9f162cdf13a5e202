// A cloud that quotes the patient in every answer it gives: in messages, pages, header fields and reason phrases.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface QuotingCloud extends AsyncDisposable {
  readonly url: string;
  /** Bodies of study calls by access number, the last of each. */
  readonly received: ReadonlyMap<string, string>;
}

type Answer = (response: ServerResponse, quoted: string, phrase: string) => void;

/**
 * The first answer to each study, by the number at the end of its access number; any later one is a yes, so that one
 * study's trouble does not hold up the others for long. The last one stops the site.
 */
const ANSWERS: readonly Answer[] = [
  (response, quoted) => json(response, { code: 0, message: quoted, data: quoted }),
  (response, quoted) => json(response, { code: 100001, message: quoted }),
  (response, quoted) => json(response, { code: 1, message: quoted }),
  (response, quoted) => json(response, { code: 10004, message: quoted }),
  (response, quoted) => json(response, { code: 30009, message: quoted }),
  (response, quoted) => json(response, { code: quoted, message: quoted }),
  (response, quoted, phrase) => plain(response, 400, phrase, quoted),
  (response, quoted, phrase) => plain(response, 500, phrase, `<html>${quoted}</html>`),
  (response, quoted, phrase) => plain(response, 503, phrase, quoted, { 'retry-after': phrase }),
  (response, quoted, phrase) => plain(response, 302, phrase, quoted, { location: `/${phrase}` }),
  (response, quoted) => plain(response, 200, 'OK', `{"code": 0, "message": ${quoted}`),
  (response, quoted) => json(response, { code: 99999, message: quoted }),
  (response, quoted) => json(response, { code: 20008, message: quoted }),
];

export const QUOTING_ANSWERS = ANSWERS.length;
const YES = 0;

export async function startQuotingCloud(): Promise<QuotingCloud> {
  const received = new Map<string, string>();
  const server = createServer((request, response) => {
    void read(request).then((body) => {
      const number = /"accessNumber":"ACC(\d+)"/.exec(body)?.[1] ?? '0';
      const again = received.has(`ACC${number}`);
      if (request.url === '/ris/study/add') received.set(`ACC${number}`, body);
      const phrase = /KANARIE\d+E/.exec(body)?.[0] ?? 'none';
      ANSWERS[again ? YES : Number(number) % ANSWERS.length]?.(response, body, phrase);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    received,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  return body;
}

function json(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function plain(
  response: ServerResponse,
  status: number,
  phrase: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, phrase, { 'content-type': 'text/html', ...headers }).end(body);
}
