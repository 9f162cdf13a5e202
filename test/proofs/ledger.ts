// What was sent and what was acknowledged, kept outside the system under test: append-only, one line an event.
import { appendFileSync } from 'node:fs';

export class Ledger {
  readonly #path: string;
  readonly #sent = new Set<string>();
  readonly #acknowledged = new Set<string>();
  readonly #refused = new Set<string>();

  constructor(path: string) {
    this.#path = path;
  }

  sent(id: string): void {
    this.#sent.add(id);
    this.#write('sent', id);
  }

  acknowledged(id: string): void {
    this.#acknowledged.add(id);
    this.#write('acknowledged', id);
  }

  refused(id: string, code: string): void {
    this.#refused.add(id);
    this.#write(`refused ${code}`, id);
  }

  isAcknowledged(id: string): boolean {
    return this.#acknowledged.has(id);
  }

  get allSent(): ReadonlySet<string> {
    return this.#sent;
  }

  get allAcknowledged(): ReadonlySet<string> {
    return this.#acknowledged;
  }

  get allRefused(): ReadonlySet<string> {
    return this.#refused;
  }

  #write(event: string, id: string): void {
    appendFileSync(this.#path, `${Date.now()} ${event} ${id}\n`);
  }
}
