// Telemetry that keeps what it is told, so that a test can look for what must not be there.
import type { FactName, Telemetry } from '../../../runtime/contracts/telemetry.ts';

export class FactRecorder implements Telemetry {
  readonly facts: { readonly name: FactName; readonly fields: Readonly<Record<string, string | number>> }[] = [];

  record(name: FactName, fields: Readonly<Record<string, string | number>>): void {
    this.facts.push({ name, fields });
  }

  gauge(): () => void {
    return () => {};
  }

  names(): readonly FactName[] {
    return this.facts.map(({ name }) => name);
  }

  text(): string {
    return JSON.stringify(this.facts);
  }
}
