// Reads {schemas: {name: text}, files: [{name, schema, text}]} from stdin, and
// writes what Ajv says of the schemas in its strict mode, and of each file what
// the YAML parser and Ajv say: {schemas: {name: [problem]}, files: [{name,
// syntax: [problem], documents: [[problem]]}]}. Empty documents are left out.

import Ajv from 'ajv'
import { text } from 'node:stream/consumers'
import { parseAllDocuments } from 'yaml'

const asked = JSON.parse(await text(process.stdin))
const answer = { schemas: {}, files: [] }
const validators = {}
for (const [name, schema] of Object.entries(asked.schemas)) {
  answer.schemas[name] = []
  const complain = (...words) => answer.schemas[name].push(words.join(' '))
  const ajv = new Ajv({ strict: true, allErrors: true, logger: { log: complain, warn: complain, error: complain } })
  try {
    validators[name] = ajv.compile(JSON.parse(schema))
  } catch (e) {
    complain(e.message)
  }
}
for (const file of asked.files) {
  const said = { name: file.name, syntax: [], documents: [] }
  for (const document of parseAllDocuments(file.text, { version: '1.2', merge: true })) {
    if (document.errors.length > 0) {
      said.syntax.push(...document.errors.map((e) => e.message))
      continue
    }
    if (document.contents === null || document.contents.source === '') continue
    try {
      const value = document.toJS() // an alias may lead nowhere, or to itself
      const validate = validators[file.schema]
      said.documents.push(validate?.(value) === false ? validate.errors.map((e) => `${e.instancePath || '/'} ${e.message}`) : [])
    } catch (e) {
      said.syntax.push(e.message)
    }
  }
  answer.files.push(said)
}
process.stdout.write(JSON.stringify(answer))
