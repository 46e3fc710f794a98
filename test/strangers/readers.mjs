// How strangers read, each compared with the rows that the tables have.
import { isDeepStrictEqual } from 'node:util'

/** Readers by their kind. Each reads every table of every schema through a profile, and throws what was wrong with it. */
export function readersOf({ run, tables, schemas, python }) {
  const shared = schemas.flatMap(schema =>
    tables.map(table => ({ ...table, path: `lake.${schema.name}.${table.name}` })),
  )
  return {
    /** A program that prints the rows of each statement as JSON. */
    adapter(program, profile) {
      const statements = shared.map(
        ({ path, line }) => `SELECT ${line} AS line FROM ${path} ORDER BY id`,
      )
      const { stdout } = run('node', program, profile, ...statements)
      const answers = JSON.parse(stdout)
      for (const [index, { path, lines }] of shared.entries()) {
        expectRows(`${program}: ${path}`, answers[index].map(soleValue), lines)
      }
    },
    /** All tables in one statement, of which the command makes one question a table. */
    command(profile) {
      const parts = shared.map(
        ({ path, line }, index) => `SELECT ${index} AS part, id, ${line} AS line FROM ${path}`,
      )
      const sql = `SELECT part, line FROM (${parts.join(' UNION ALL ')}) ORDER BY part, id`
      const { stdout } = run('npx', 'spillway', 'query', profile, sql, '--json')
      const rows = rowsIn(stdout)
      for (const [index, { path, lines }] of shared.entries()) {
        const found = rows.filter(({ part }) => part === index).map(({ line }) => line)
        expectRows(`spillway query: ${path}`, found, lines)
      }
    },
    /** Every file of a table answers, and is Parquet: its URL is one that a stranger can follow. */
    client(profile) {
      const names = shared.map(({ path }) => path)
      const { stdout } = run('node', 'read/client.mjs', profile, ...names)
      for (const [index, files] of JSON.parse(stdout).entries()) {
        if (files.length > 0 && files.every(({ magic }) => magic === 'PAR1')) continue
        const found = JSON.stringify(files)
        throw new Error(`read/client.mjs: ${names[index]}: no Parquet behind its URLs: ${found}`)
      }
    },
    python(profile) {
      if (python === undefined) return
      const names = shared.map(({ path, delta }) => (delta ? `${path}:delta` : path))
      const { stdout } = run(python, 'read/recipient.py', profile, ...names)
      const answers = JSON.parse(stdout)
      for (const [index, { path, ids }] of shared.entries()) {
        expectRows(`read/recipient.py: ${path}`, answers[index], ids)
      }
    },
  }
}

function soleValue(row) {
  return Object.values(row)[0]
}

function rowsIn(jsonLines) {
  return jsonLines
    .trimEnd()
    .split('\n')
    .map(text => JSON.parse(text))
}

function expectRows(what, found, expected) {
  if (isDeepStrictEqual(found, expected)) return
  throw new Error(
    `${what}\n  has the rows ${JSON.stringify(expected)}\n  but was read as ${JSON.stringify(found)}`,
  )
}
