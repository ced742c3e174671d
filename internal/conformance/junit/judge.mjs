// Reads a JUnit file from stdin with junit2json and writes what it holds:
// {tests, failures, errors, suites: [{name, tests, failures, errors, skipped,
// cases: [{name, classname, file, results: [{kind, type, message, text}], properties: {name: value}}]}]}.

import { parse } from 'junit2json'
import { text } from 'node:stream/consumers'

const file = await parse(await text(process.stdin))
const kinds = ['failure', 'error', 'skipped', 'rerunFailure', 'rerunError', 'flakyFailure', 'flakyError']
const words = (x) => (x === undefined ? '' : String(x))
const results = (c) =>
  kinds.flatMap((kind) =>
    (c[kind] ?? []).map((r) => ({
      kind,
      type: words(r.type),
      message: words(r.message),
      text: words(r.inner ?? r.stackTrace?.[0]?.inner ?? r.stackTrace?.[0]),
    })),
  )
const answer = {
  tests: file.tests,
  failures: file.failures,
  errors: file.errors,
  suites: file.testsuite.map((s) => ({
    name: s.name,
    tests: s.tests,
    failures: s.failures,
    errors: s.errors,
    skipped: s.skipped,
    cases: (s.testcase ?? []).map((c) => ({
      name: c.name,
      classname: c.classname,
      file: words(c.file),
      results: results(c),
      properties: Object.fromEntries((c.properties ?? []).map((p) => [p.name, words(p.value)])),
    })),
  })),
}
process.stdout.write(JSON.stringify(answer))
