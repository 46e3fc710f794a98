import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { LOCATION } from './open-table.js'

/** Tables that Spark and delta-rs wrote. */
export const golden = fileURLToPath(new URL('../../../../test/fixtures/delta/', import.meta.url))

/** The log of a golden table as objects of a store, under our location. */
export function goldenLog(table: string): Map<string, Uint8Array> {
  const folder = `${golden}${table}/_delta_log/`
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  return new Map(
    files
      .filter(file => file.isFile())
      .map(file => {
        const path = `${file.parentPath}/${file.name}`
        const name = path.slice(folder.length).replace(/^\/+/, '')
        return [`${LOCATION}/_delta_log/${name}`, readFileSync(path)] as const
      }),
  )
}
