// Lists what a profile opens and asks one table for the files that may hold matching rows.
//   node examples/dist/node-script/main.js partner.share share.schema.table "day >= '2026-03-07'"
import { createSharingClient, isTableError, parseTableName } from '@spillway/client'
import { loadProfile } from '@spillway/client/node'

const [profilePath, tableName, ...predicateHints] = process.argv.slice(2)

async function main(): Promise<void> {
  const client = createSharingClient(await loadProfile(profilePath), {
    timeouts: { connectMs: 30_000, idleMs: 30_000 },
  })
  if (tableName === undefined) {
    for await (const { name } of client.shares()) {
      for await (const table of client.tables(name)) {
        console.log(`${table.share}.${table.schema}.${table.name}`)
      }
    }
    return
  }
  // Ctrl-C ends the request at once and leaves no connection behind.
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  const answer = await client.query(parseTableName(tableName), {
    predicateHints,
    signal: stop.signal,
  })
  let files = 0
  let bytes = 0
  for await (const { size } of answer.files()) {
    files++
    bytes += size
  }
  console.log(`version ${answer.version}, ${answer.format} format: ${files} files, ${bytes} bytes`)
}

main().catch((error: unknown) => {
  // Every failure is a TableError: a code for programs, and words for people.
  console.error(isTableError(error) ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
})
