// A connection to the cluster outside any group, with sockets that can be cut at once.
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Broker, Cluster, Consumer, ISocketFactory } from 'kafkajs';
import { silentTelemetry, type Telemetry } from '../../contracts/telemetry.ts';
import { kafkaClient } from './kafka-client.ts';
import type { KafkaConnection } from './kafka-options.ts';

const KEEP_ALIVE_MS = 60_000;

/**
 * kafkajs offers its `cluster` to an assigner only, so a consumer is made that never runs. Disconnecting it waits for a
 * long poll to end, therefore the sockets are ours and are cut first.
 */
export class ClusterLink {
  readonly cluster: Cluster;
  readonly #consumer: Consumer;
  readonly #sockets = new Set<Socket>();
  #telemetry: Telemetry;
  #cut = false;

  constructor(connection: KafkaConnection, telemetry: Telemetry) {
    this.#telemetry = telemetry;
    const kafka = kafkaClient(
      connection,
      { ...telemetry, record: (name, fields) => this.#telemetry.record(name, fields) },
      { socketFactory: this.#socketFactory, retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 2 } },
    );
    let captured: Cluster | undefined;
    this.#consumer = kafka.consumer({
      groupId: 'never-joined',
      allowAutoTopicCreation: false,
      partitionAssigners: [
        ({ cluster }) => {
          captured = cluster;
          return {
            name: 'none',
            version: 0,
            assign: async () => [],
            protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
          };
        },
      ],
    });
    if (captured === undefined) throw new TypeError('this version of kafkajs makes its assigners later');
    this.cluster = captured;
  }

  async connect(): Promise<void> {
    await this.#consumer.connect();
  }

  async broker(nodeId: number): Promise<Broker> {
    return await this.cluster.findBroker({ nodeId: String(nodeId) });
  }

  /** Cuts the sockets, which rejects what waits on them, then lets kafkajs tidy up. */
  async cut(): Promise<void> {
    this.#cut = true;
    this.#telemetry = silentTelemetry;
    for (const socket of this.#sockets) socket.destroy(new Error('closed by the owner'));
    // What fails now has failed already: the sockets are gone.
    await this.#consumer.disconnect().catch(() => {});
  }

  readonly #socketFactory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#cut) throw new Error('closed by the owner');
    const socket = ssl
      ? connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : connectTcp({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  };
}
