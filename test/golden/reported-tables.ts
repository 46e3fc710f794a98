import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** A table made after a public report, as the configuration of a server names it: paths of this machine. */
export interface ReportedTable {
  readonly name: string
  readonly format: 'delta' | 'iceberg' | 'hudi' | 'parquet'
  readonly location: string
  readonly auxiliaryLocations: readonly string[]
  readonly metadataFile?: string
  readonly rebase?: readonly { readonly from: string; readonly to: string }[]
}

/** What `expect.json` says of where things are: `{folder}` is the case's own, and other targets are below it. */
interface Places {
  readonly auxiliary?: readonly string[]
  readonly metadataFile?: string
  readonly rebase?: readonly { readonly from: string; readonly to: string }[]
}

const real = fileURLToPath(new URL('../fixtures/real', import.meta.url))

/** All tables of `test/fixtures/real`, those that are refused among them. */
export const reportedTables: readonly ReportedTable[] = (
  ['delta', 'iceberg', 'hudi', 'parquet'] as const
).flatMap(format => readdirSync(`${real}/${format}`).map(name => reported(format, name)))

function reported(format: ReportedTable['format'], name: string): ReportedTable {
  const folder = `${real}/${format}/${name}`
  const places = JSON.parse(readFileSync(`${folder}/expect.json`, 'utf8')) as Places
  const placed = (path: string) => path.replace('{folder}', folder)
  const { metadataFile, rebase, auxiliary = [] } = places
  return {
    name: `${format}_${name}`,
    format,
    location: `${folder}/table`,
    auxiliaryLocations: auxiliary.map(each => `${folder}/${each}`),
    ...(metadataFile && { metadataFile: placed(metadataFile) }),
    ...(rebase && {
      rebase: rebase.map(({ from, to }) => ({
        from,
        to: to.includes('{folder}')
          ? placed(to)
          : `${folder}/${to}${from.endsWith('/') ? '/' : ''}`,
      })),
    }),
  }
}
