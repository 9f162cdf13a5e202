// Checks that a record's body keeps within its bytes, before it is decoded.
import type avro from 'avsc';

/**
 * avsc looks whether it has read past the end only when it is done: a false block count of an array would first make it
 * build that many items. So the body is walked once by its schema without building anything, and refused when a length,
 * a count or a branch does not fit what is there. The body begins at `from` and shall end with the bytes.
 *
 * Source: Apache Avro 1.12 specification, "Binary Encoding".
 */
export type BodyBounds = (bytes: Uint8Array, from: number) => boolean;

/** Where the walk is in the body; `ok` turns false once and stays so. */
class Walk {
  readonly bytes: Uint8Array;
  at: number;
  ok = true;

  constructor(bytes: Uint8Array, from: number) {
    this.bytes = bytes;
    this.at = from;
  }

  /** A zig-zag varint; exact below 2^53, which every length and count here is. */
  long(): number {
    let value = 0;
    let scale = 1;
    for (let read = 0; read < 10; read += 1) {
      const byte = this.bytes[this.at];
      if (byte === undefined) break;
      this.at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
      scale *= 128;
    }
    this.ok = false;
    return 0;
  }

  skip(length: number): void {
    if (length < 0 || length > this.bytes.length - this.at) this.ok = false;
    else this.at += length;
  }
}

type Step = (walk: Walk) => void;

/** `type` must be built from records, arrays, unions, enums and primitives, as all of our schemas are. */
export function bodyBounds(type: avro.Type): BodyBounds {
  const step = stepOf(type, new Map());
  return (bytes, from) => {
    const walk = new Walk(bytes, from);
    step(walk);
    return walk.ok && walk.at === bytes.length;
  };
}

function stepOf(type: avro.Type, known: Map<avro.Type, Step>): Step {
  const found = known.get(type);
  if (found !== undefined) return found;
  const step = newStep(type, known);
  known.set(type, step);
  return step;
}

function newStep(type: avro.Type, known: Map<avro.Type, Step>): Step {
  switch (type.typeName) {
    case 'null':
      return () => {};
    case 'boolean':
      return (walk) => walk.skip(1);
    case 'int':
    case 'long':
      return (walk) => {
        walk.long();
      };
    case 'float':
      return (walk) => walk.skip(4);
    case 'double':
      return (walk) => walk.skip(8);
    case 'string':
    case 'bytes':
      return (walk) => walk.skip(walk.long());
    case 'enum':
      return branchStep(memberOf<readonly string[]>(type, 'symbols').map(() => () => {}));
    case 'record':
      return recordStep(
        memberOf<readonly { type: avro.Type }[]>(type, 'fields').map((field) => stepOf(field.type, known)),
      );
    case 'array':
      return arrayStep(stepOf(memberOf<avro.Type>(type, 'itemsType'), known));
    default:
      if (!type.typeName.startsWith('union:')) throw new TypeError(`schema uses ${type.typeName}, which is not walked`);
      return branchStep(memberOf<readonly avro.Type[]>(type, 'types').map((member) => stepOf(member, known)));
  }
}

function recordStep(fields: readonly Step[]): Step {
  return (walk) => {
    for (const field of fields) {
      if (!walk.ok) return;
      field(walk);
    }
  };
}

function branchStep(branches: readonly Step[]): Step {
  return (walk) => {
    const branch = branches[walk.long()];
    if (branch === undefined) walk.ok = false;
    else branch(walk);
  };
}

function arrayStep(item: Step): Step {
  return (walk) => {
    for (let count = walk.long(); count !== 0 && walk.ok; count = walk.long()) {
      if (count < 0) walk.long(); // A negative count is followed by the block's size in bytes.
      const items = Math.abs(count);
      // An item takes at least one byte in our schemas.
      if (items > walk.bytes.length - walk.at) walk.ok = false;
      for (let index = 0; index < items && walk.ok; index += 1) item(walk);
    }
  };
}

/** avsc declares its types' members on subclasses that it does not export. */
function memberOf<Member>(type: avro.Type, name: string): Member {
  const member: unknown = Reflect.get(type, name);
  if (member === undefined) throw new TypeError(`avsc: a ${type.typeName} without ${name}`);
  return member as Member;
}
