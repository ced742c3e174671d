"""Reads a JUnit file from stdin with junitparser and writes what it holds, as judge.mjs does."""

import json
import sys

from junitparser.xunit2 import JUnitXml


def result(kind, r, text):
    return {"kind": kind, "type": r.type or "", "message": r.message or "", "text": text or ""}


def results(case):
    ended = [result(r._tag, r, r.text) for r in case.result]
    return ended + [result(r._tag, r, r.stack_trace) for r in case.interim_result]


def described(case):
    return {
        "name": case.name,
        "classname": case.classname,
        "file": case._elem.get("file", ""),
        "results": results(case),
        "properties": {p.name: p.value for p in case.properties()},
    }


file = JUnitXml.fromstring(sys.stdin.buffer.read())
json.dump(
    {
        "tests": file.tests,
        "failures": file.failures,
        "errors": file.errors,
        "suites": [
            {
                "name": s.name,
                "tests": s.tests,
                "failures": s.failures,
                "errors": s.errors,
                "skipped": s.skipped,
                "cases": [described(c) for c in s],
            }
            for s in file
        ],
    },
    sys.stdout,
)
