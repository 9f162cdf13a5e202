// The bridge as this run has it: one process on the embedded log, or on Kafka its roles as processes of their own.
import { join } from 'node:path';
import { brokerOfRun, createTopics, kafkaVariables } from '../kafka/kafka-run.ts';
import { type BridgePlan, type BridgeProcess, startBridge } from '../proofs/bridge-process.ts';

/** From the cloud's side, as one process starts them. */
const ROLES = ['sinks', 'processors', 'connectors'] as const;

/** Where the control sockets are. */
export function bridgeDirectories(folder: string): readonly string[] {
  const data = join(folder, 'data');
  return brokerOfRun() === undefined ? [data] : ROLES.map((role) => join(data, role));
}

export async function startBridgeOfRun(plan: BridgePlan): Promise<BridgeProcess> {
  if (brokerOfRun() === undefined) return await startBridge(plan);
  const kafka = kafkaVariables(plan.folder);
  createTopics(plan.folder, kafka);
  const began = performance.now();
  const parts: BridgeProcess[] = [];
  for (const role of ROLES) {
    const http = role === 'connectors' ? plan.ports.http : 0;
    parts.push(
      await startBridge({
        ...plan,
        ports: { ...plan.ports, http },
        args: ['run', role],
        env: { ...plan.env, ...kafka },
      }),
    );
  }
  return together(parts, performance.now() - began);
}

/** Ends with the first code that is not 0, if there is one. */
function together(parts: readonly BridgeProcess[], readyMs: number): BridgeProcess {
  return {
    pid: parts[0]?.pid ?? 0,
    readyMs,
    output: () => parts.map((part) => part.output()).join('\n'),
    signal: (name) => {
      for (const part of parts) part.signal(name);
    },
    ended: Promise.all(parts.map(({ ended }) => ended)).then((ends) => ends.find((end) => end !== 0) ?? 0),
  };
}
