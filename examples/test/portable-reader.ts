import { createSharingClient, parseProfile, parseTableName } from '@spillway/client'

/** What a recipient does, on any runtime: everything is answered by the server that `profile` names. */
export async function readShare(profile: string, tableName: string) {
  const client = createSharingClient(parseProfile(profile), { timeouts: { totalMs: 20_000 } })
  const tables: string[] = []
  for await (const { name } of client.shares()) {
    for await (const each of client.tables(name)) {
      tables.push(`${each.share}.${each.schema}.${each.name}`)
    }
  }
  const table = parseTableName(tableName)
  const version = await client.version(table)
  const { metaData } = await client.metadata(table)
  const answer = await client.query(table, { includeRefreshToken: true })
  const files: { readonly url: string; readonly size: number }[] = []
  for await (const action of answer.actions) {
    if (action.kind === 'file') files.push({ url: action.file.url, size: Number(action.file.size) })
    if (action.kind !== 'delta') continue
    const { path, size } = action.file.deltaSingleAction.add!
    files.push({ url: path, size: Number(size) })
  }
  // The last bytes of a Parquet file, by a range: what a preview begins with.
  const [first] = files
  const range = first && (await fetch(first.url, { headers: { range: 'bytes=-4' } }))
  return {
    tables,
    version: String(version),
    kind: metaData.kind,
    files: files.length,
    refreshable: answer.refreshToken() !== undefined,
    range: range === undefined ? '' : `${range.status} ${await range.text()}`,
  }
}

/** Reads one answer to its end, with as much patience as is given: for servers that do not give one. */
export async function countFiles(endpoint: string, ms: number): Promise<number> {
  const client = createSharingClient(
    { shareCredentialsVersion: 1, endpoint, bearerToken: 't' },
    { timeouts: { connectMs: ms, idleMs: ms }, retry: { retries: 0 } },
  )
  let files = 0
  const answer = await client.query(parseTableName('a.b.c'))
  for await (const action of answer.actions) if (action.kind === 'file') files++
  return files
}
