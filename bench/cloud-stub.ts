// A cloud that says yes at once; checks that no study's posts overlap or go back. `GET /counts` tells.
import { createServer } from 'node:http';

const open = new Set<string>();
let posts = 0;
let overlapping = 0;

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    response.end(JSON.stringify({ posts, overlapping }));
    return;
  }
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const study = /"studyId":"([^"]*)"/.exec(Buffer.concat(chunks).toString('latin1'))?.[1] ?? '';
    if (open.has(study)) overlapping += 1;
    open.add(study);
    setImmediate(() => {
      open.delete(study);
      posts += 1;
      response.setHeader('content-type', 'application/json');
      response.end('{"code":0,"message":"success"}');
    });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address === 'object') process.stdout.write(`port ${address.port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
