# A client that knows nothing of the bridge: reads records by the registry's ids, as a consumer of the hospital would.
#
# Standard input: lines of JSON, each {"value": base64 of a record} or {"schema": text}. Standard output: a line for each,
# the record's fields (bytes as base64), or the schema's CRC-64-AVRO as fastavro computes it.
import base64
import io
import json
import sys
import urllib.request

from fastavro import parse_schema, schemaless_reader
from fastavro.schema import fingerprint, to_parsing_canonical_form

registry = sys.argv[1]
known = {}


def schema_of(number):
    if number not in known:
        with urllib.request.urlopen(f"{registry}/schemas/ids/{number}", timeout=10) as answer:
            known[number] = parse_schema(json.loads(json.load(answer)["schema"]))
    return known[number]


def fields_of(value):
    if value[0] != 0:
        raise ValueError("not in Confluent's wire format")
    body = io.BytesIO(value[5:])
    fields = schemaless_reader(body, schema_of(int.from_bytes(value[1:5], "big")))
    if body.read() != b"":
        raise ValueError("bytes are left over")
    return fields


for line in sys.stdin:
    question = json.loads(line)
    if "schema" in question:
        canonical = to_parsing_canonical_form(json.loads(question["schema"]))
        answer = fingerprint(canonical, "CRC-64-AVRO")
    else:
        answer = fields_of(base64.b64decode(question["value"]))
    print(json.dumps(answer, default=lambda content: base64.b64encode(content).decode("ascii")))
