#!/usr/bin/env node
// Checks any Delta Sharing server from outside, as its recipients see it:
//   node test/conformance/run.mjs --profile my.share [--endpoint URL] [--tables 20] [--report FILE] [--json]
// The numbers are those of the checks that this project holds itself to. Exits 1 when one fails.
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { SERVER_CHECKS, TABLE_CHECKS, tableContext } from './checks.mjs'
import { ASSET_CHECKS, assetsOf, foldersOf } from './checks-assets.mjs'
import { FILE_CHECKS } from './checks-files.mjs'
import { INDEX_CHECKS } from './checks-index.mjs'
import { createClient, Skip } from './client.mjs'
import { reportOf } from './report.mjs'

/** Every outcome, as it comes. */
export async function* conform({ endpoint, token, tables: limit = 20 }) {
  const client = createClient({ endpoint, token })
  const shares = await client.all('/shares')
  if (shares.length === 0) throw new Error('the server lists no share: there is nothing to check')
  yield* run(SERVER_CHECKS, { client, shares }, 'server')
  yield* conformAssets(client, shares)
  yield* run(INDEX_CHECKS, { client }, 'server')
  const tables = []
  for (const { name } of shares) {
    tables.push(...(await client.all(`/shares/${encodeURIComponent(name)}/all-tables`)))
  }
  for (const table of tables.slice(0, limit)) {
    for (const format of ['parquet', 'delta']) {
      const on = `${table.share}.${table.schema}.${table.name} (${format})`
      let context
      try {
        context = await tableContext(client, table, format)
        yield outcome(['31', 'a query answers'], on)
      } catch (error) {
        yield outcome(['31', 'a query answers'], on, error)
        continue
      }
      yield* run(TABLE_CHECKS, context, on)
    }
  }
}

/** What is shared beside tables, share by share. */
async function* conformAssets(client, shares) {
  for (const { name: share } of shares) {
    const assets = {}
    for (const kind of ['volume', 'model', 'skill']) {
      assets[kind] = await assetsOf(client, share, kind)
    }
    yield* run(ASSET_CHECKS, { client, share, assets }, share)
    const folders = await foldersOf(client, assets)
    if (folders.length > 0) yield* run(FILE_CHECKS, { client, folders }, share)
  }
}

async function* run(checks, context, on) {
  for (const [id, title, check] of checks) {
    try {
      await check(context)
      yield outcome([id, title], on)
    } catch (error) {
      yield outcome([id, title], on, error)
    }
  }
}

function outcome([id, title], on, error) {
  const status = error === undefined ? 'pass' : error instanceof Skip ? 'skip' : 'fail'
  return { id, title, on, status, ...(error && { reason: String(error.message ?? error) }) }
}

async function main() {
  const { values } = parseArgs({
    options: {
      profile: { type: 'string' },
      endpoint: { type: 'string' },
      tables: { type: 'string', default: '20' },
      report: { type: 'string' },
      json: { type: 'boolean', default: false },
    },
  })
  if (values.profile === undefined) {
    throw new Error('--profile names the profile file to use')
  }
  const profile = JSON.parse(readFileSync(values.profile, 'utf8'))
  const options = {
    endpoint: values.endpoint ?? profile.endpoint,
    token: profile.bearerToken,
    tables: Number(values.tables),
  }
  const counts = { pass: 0, skip: 0, fail: 0 }
  const results = []
  for await (const result of conform(options)) {
    counts[result.status]++
    results.push(result)
    if (values.json) console.log(JSON.stringify(result))
    else if (result.status !== 'pass') {
      console.log(
        `${result.status}  ${result.id}  ${result.on}: ${result.title}\n      ${result.reason}`,
      )
    }
  }
  if (values.report !== undefined) {
    writeFileSync(values.report, reportOf(results, { endpoint: options.endpoint, counts }))
  }
  const summary = `${counts.pass} passed, ${counts.skip} skipped, ${counts.fail} failed`
  console.log(values.json ? JSON.stringify(counts) : summary)
  process.exitCode = counts.fail === 0 ? 0 : 1
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  main().catch(error => {
    console.error(error.message)
    process.exitCode = 2
  })
}
