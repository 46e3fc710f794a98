import { localStore } from '@spillway/storage'
import { deltaAdd, deltaTable } from '@spillway/testkit'

/** A table of three files, which are only named: what a recipient asks for to see how long an answer takes. */
export async function lightTable(location: string): Promise<string> {
  const table = deltaTable(localStore(), location)
  await table.create({ fields: [{ name: 'id', type: 'long' }] })
  await table.commit(...[1, 2, 3].map(i => deltaAdd(`part-${i}.parquet`)))
  return location
}
