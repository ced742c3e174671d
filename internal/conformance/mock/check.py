"""Judges values made from schemas with validators of the Python world.

Reads lines {"name", "form", "part", "seed", "required_only", "schema", "fits",
"value"} from the file it is given; the schema stands with the first value of a
name, part is the JSON pointer of the schema in it that the value is held against,
and fits is what rehearse says of the value. Prints one line of JSON: {"values",
"fit", "agreed", "schemas", "judges": {validator: values}, "differing": [{"name",
"seed", "required_only", "fits", "where", "what", "value"}, …]}, the first hundred.
"""

import decimal
import json
import sys

import jsonschema
from jsonschema.validators import validator_for
from openapi_schema_validator import OAS30Validator, OAS31Validator, oas30_format_checker, oas31_format_checker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4, DRAFT202012

ROOT = "urn:document"


# OpenAPI 3.0 has no format of times; its validator holds them against draft-03's,
# which knows no offset. Floats are decimals here.
for checker in (oas30_format_checker, oas31_format_checker):
    for name in ("time", "float", "double"):
        checker.checkers.pop(name, None)


def decoded(text):
    # Decimals, as multipleOf on floats finds 0.07 no multiple of 0.01.
    return json.loads(text, parse_float=decimal.Decimal)


def openapi(document, part):
    modern = not str(document["openapi"]).startswith("3.0")
    registry = Registry().with_resource(ROOT, Resource(document, DRAFT202012 if modern else DRAFT4))
    cls, checker = (OAS31Validator, oas31_format_checker) if modern else (OAS30Validator, oas30_format_checker)
    return ("OAS31Validator" if modern else "OAS30Validator"), cls({"$ref": ROOT + "#" + part}, registry=registry, format_checker=checker)


def json_schema(document, part):
    cls = validator_for(document, default=jsonschema.Draft4Validator)
    cls.check_schema(document)
    if part:
        document = dict(document, **{"$ref": "#" + part})
    return cls.__name__, cls(document, format_checker=cls.FORMAT_CHECKER)


def judge(line):
    made = openapi if line["form"] == "OpenApi3" else json_schema
    return made(line["schema"], line["part"])


def main(path):
    judges, counts, differing = {}, {}, []
    values, fit, agreed = 0, 0, 0
    with open(path, encoding="utf-8") as lines:
        for text in lines:
            line = decoded(text)
            name = line["name"]
            if "schema" in line:
                judges[name] = judge(line)
            kind, validator = judges[name]
            error = next(validator.iter_errors(line["value"]), None)
            values += 1
            fit += error is None
            counts[kind] = counts.get(kind, 0) + 1
            if line["fits"] == (error is None):
                agreed += 1
            elif len(differing) < 100:
                where = "/".join(str(p) for p in error.absolute_path) if error else ""
                what = error.message[:300] if error else "it fits"
                differing.append({k: line[k] for k in ("name", "seed", "required_only", "fits", "value")} | {"where": where, "what": what})
    found = dict(values=values, fit=fit, agreed=agreed, schemas=len(judges), judges=counts, differing=differing)
    json.dump(found, sys.stdout, default=str)
    print()


main(sys.argv[1])
