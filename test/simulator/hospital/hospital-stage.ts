// What a hospital talks to in its tests: an MLLP server that answers by a rule, and another library's storage server.
import { createServer, type Server, type Socket } from 'node:net';
import dimse from 'dcmjs-dimse';

export interface MllpStub extends AsyncDisposable {
  readonly port: number;
  /** Control ids in the order of arrival, a repeat included. */
  readonly received: string[];
}

/** `answer` gives MSA-1, or null to close the connection instead. */
export async function startMllpStub(answer: (controlId: string, nth: number) => string | null): Promise<MllpStub> {
  const received: string[] = [];
  const server = createServer((socket) => {
    let waiting = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (let end = waiting.indexOf('\x1c\r'); end >= 0; end = waiting.indexOf('\x1c\r')) {
        const controlId = waiting.toString('latin1', 1, end).split('\r')[0]?.split('|')[9] ?? '';
        waiting = waiting.subarray(end + 2);
        received.push(controlId);
        respond(socket, controlId, answer(controlId, received.length));
      }
    });
  });
  const port = await listen(server);
  return {
    port,
    received,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function respond(socket: Socket, controlId: string, code: string | null): void {
  if (code === null) socket.destroy();
  else socket.write(`\x0bMSH|^~\\&|B|B|H|H|20260101||ACK|1|P|2.5.1\rMSA|${code}|${controlId}\r\x1c\r`);
}

export interface StoreStub extends AsyncDisposable {
  readonly port: number;
  /** Elements by keyword, decoded by the library. */
  readonly received: Record<string, unknown>[];
}

export async function startStoreStub(
  statusOf: (sopInstanceUid: string) => number,
  transferSyntaxUid = '1.2.840.10008.1.2.1',
): Promise<StoreStub> {
  const received: Record<string, unknown>[] = [];
  dimse.log.setLevel('silent');
  class Acceptor extends dimse.Scp {
    override associationRequested(association: InstanceType<typeof dimse.association.Association>): void {
      for (const { id } of association.getPresentationContexts()) {
        const { Accept } = dimse.constants.PresentationContextResult;
        association.getPresentationContext(id).setResult(Accept, transferSyntaxUid);
      }
      this.sendAssociationAccept();
    }

    override cStoreRequest(
      request: InstanceType<typeof dimse.requests.CStoreRequest>,
      callback: (response: InstanceType<typeof dimse.responses.CStoreResponse>) => void,
    ): void {
      received.push(request.getDataset()?.getElements() ?? {});
      const response = dimse.responses.CStoreResponse.fromRequest(request);
      response.setStatus(statusOf(request.getAffectedSopInstanceUid()));
      callback(response);
    }

    override associationReleaseRequested(): void {
      this.sendAssociationReleaseResponse();
    }
  }
  const port = await freePort();
  const server = new dimse.Server(Acceptor);
  server.listen(port);
  return {
    port,
    received,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}
