// Checks that a record's body keeps within its bytes, before it is decoded.
import type avro from 'avsc';
import { memberOf } from './type-member.ts';

/**
 * avsc looks whether it has read past the end only when it is done: a false block count of an array would first make it
 * build that many items. So the body is walked once by its schema without building anything, and refused when a length,
 * a count or a branch does not fit what is there. The body begins at `from` and shall end with the bytes.
 *
 * The schema is the writer's, which may come from outside. So the walk itself must be bounded by the bytes: a schema
 * is refused whose items of an array may take no byte, that contains itself, or that is too large when written out.
 *
 * Source: Apache Avro 1.12 specification, "Binary Encoding".
 */
export type BodyBounds = (bytes: Uint8Array, from: number) => boolean;

/** Types of a schema with every named type written out where it is used. The largest of ours has 140. */
const TYPES_MAX = 5_000;

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

/** How a type is walked, the fewest bytes it takes, and how many types it is made of. */
interface Step {
  readonly walk: (walk: Walk) => void;
  readonly bytesMin: number;
  readonly types: number;
}

/** Throws TypeError on a schema that cannot be walked within the limits above. */
export function bodyBounds(type: avro.Type): BodyBounds {
  const step = stepOf(type, new Map());
  return (bytes, from) => {
    const walk = new Walk(bytes, from);
    step.walk(walk);
    return walk.ok && walk.at === bytes.length;
  };
}

/** `known` holds undefined for a type that is being made: meeting it again means that it contains itself. */
function stepOf(type: avro.Type, known: Map<avro.Type, Step | undefined>): Step {
  if (known.has(type)) {
    const found = known.get(type);
    if (found === undefined) throw new TypeError('a schema contains itself, which is not walked');
    return found;
  }
  known.set(type, undefined);
  const step = newStep(type, known);
  if (step.types > TYPES_MAX) throw new TypeError(`a schema has more than ${TYPES_MAX} types`);
  known.set(type, step);
  return step;
}

function newStep(type: avro.Type, known: Map<avro.Type, Step | undefined>): Step {
  switch (type.typeName) {
    case 'null':
      return { walk: () => {}, bytesMin: 0, types: 1 };
    case 'boolean':
      return fixedStep(1);
    case 'int':
    case 'long':
      return {
        walk: (walk) => {
          walk.long();
        },
        bytesMin: 1,
        types: 1,
      };
    case 'float':
      return fixedStep(4);
    case 'double':
      return fixedStep(8);
    case 'fixed':
      return fixedStep(memberOf<number>(type, 'size'));
    case 'string':
    case 'bytes':
      return lengthStep;
    case 'enum':
      return enumStep(memberOf<readonly string[]>(type, 'symbols').length);
    case 'record':
    case 'error':
      return recordStep(
        memberOf<readonly { type: avro.Type }[]>(type, 'fields').map((field) => stepOf(field.type, known)),
      );
    case 'array':
      return blocksStep(stepOf(memberOf<avro.Type>(type, 'itemsType'), known));
    case 'map':
      return blocksStep(recordStep([lengthStep, stepOf(memberOf<avro.Type>(type, 'valuesType'), known)]));
    default:
      if (!type.typeName.startsWith('union:')) throw new TypeError(`schema uses ${type.typeName}, which is not walked`);
      return unionStep(memberOf<readonly avro.Type[]>(type, 'types').map((member) => stepOf(member, known)));
  }
}

/** A length and so many bytes. */
const lengthStep: Step = { walk: (walk) => walk.skip(walk.long()), bytesMin: 1, types: 1 };

function fixedStep(bytes: number): Step {
  return { walk: (walk) => walk.skip(bytes), bytesMin: bytes, types: 1 };
}

function recordStep(fields: readonly Step[]): Step {
  const walks = fields.map(({ walk }) => walk);
  return {
    walk: (walk) => {
      for (const field of walks) {
        if (!walk.ok) return;
        field(walk);
      }
    },
    bytesMin: sum(fields.map(({ bytesMin }) => bytesMin)),
    types: 1 + sum(fields.map(({ types }) => types)),
  };
}

function enumStep(symbols: number): Step {
  return {
    walk: (walk) => {
      const symbol = walk.long();
      if (symbol < 0 || symbol >= symbols) walk.ok = false;
    },
    bytesMin: 1,
    types: 1,
  };
}

function unionStep(branches: readonly Step[]): Step {
  const walks = branches.map(({ walk }) => walk);
  return {
    walk: (walk) => {
      const branch = walks[walk.long()];
      if (branch === undefined) walk.ok = false;
      else branch(walk);
    },
    bytesMin: 1 + Math.min(...branches.map(({ bytesMin }) => bytesMin)),
    types: 1 + sum(branches.map(({ types }) => types)),
  };
}

/** Arrays and maps: blocks of items, each behind its count. */
function blocksStep(item: Step): Step {
  if (item.bytesMin < 1) throw new TypeError('a schema has items without bytes: their count could not be bounded');
  const walkItem = item.walk;
  return {
    walk: (walk) => {
      for (let count = walk.long(); count !== 0 && walk.ok; count = walk.long()) {
        if (count < 0) walk.long(); // A negative count is followed by the block's size in bytes.
        const items = Math.abs(count);
        if (items > walk.bytes.length - walk.at) walk.ok = false;
        for (let index = 0; index < items && walk.ok; index += 1) walkItem(walk);
      }
    },
    bytesMin: 1,
    types: 1 + item.types,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
