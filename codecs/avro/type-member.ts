// Members of avsc's types: it declares them on subclasses that it does not export.
import type avro from 'avsc';

export function memberOf<Member>(type: avro.Type, name: string): Member {
  const member: unknown = Reflect.get(type, name);
  if (member === undefined) throw new TypeError(`avsc: a ${type.typeName} without ${name}`);
  return member as Member;
}
