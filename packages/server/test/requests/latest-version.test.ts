import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { add } from '../support/lake.js'
import { failure, linesOf, type Running, startServer, tablePath } from '../support/serve.js'

/** A server that has just looked at the table, whose version 6 came after. */
let server: Running
beforeAll(async () => {
  server = await startServer({ freshnessMs: 3_600_000 })
  await server.ask(`${tablePath('changing')}/version`)
  const log = `${server.lake.root}/changing/_delta_log`
  writeFileSync(`${log}/${'6'.padStart(20, '0')}.json`, `${JSON.stringify(add('new.parquet'))}\n`)
})
afterAll(() => server.close())

it('leaves no commit out of a range that ends at a version newer than what was seen last', async () => {
  const past = await failure(
    await server.ask(`${tablePath('changing')}/changes?startingVersion=7&endingVersion=7`),
  )
  expect(past).toMatchObject({ status: 400, message: expect.stringMatching(/start version\(7\)/) })
  const search = 'startingVersion=6&endingVersion=6'
  const lines = await linesOf(await server.ask(`${tablePath('changing')}/changes?${search}`))
  expect(lines.map(line => Object.keys(line)[0])).toEqual(['protocol', 'metaData', 'add'])
})

it('answers the same range of a query', async () => {
  const body = { startingVersion: 6, endingVersion: 6 }
  const lines = await linesOf(await server.query('changing', body))
  expect(lines.at(-1)?.add?.version).toBe(6)
})
