import { TableError } from '@spillway/core'
import { z } from 'zod'
import { heldBack } from '../access/access-modes.js'

// 255 characters; no space, slash or control character: PROTOCOL.md, "Name". Shares may hold dots, the rest not.
const shareName = z
  .string()
  .regex(/^[^ /\p{Cc}]{1,255}$/u, 'is not a valid share name')
  // URLs with such a segment, encoded or not, are of another path for every client.
  .refine(value => value !== '.' && value !== '..', 'is a step in a path, which no URL can name')
const name = z
  .string()
  .regex(/^[^ /.\p{Cc}]{1,255}$/u, 'is not a valid name (no dot, space or slash)')

const table = z.strictObject({
  name,
  location: z.string().min(1),
  id: z.string().min(1).optional(),
  format: z.enum(['delta', 'iceberg', 'hudi', 'parquet']).optional(),
  metadataFile: z.string().min(1).optional(),
  auxiliaryLocations: z.array(z.string().min(1)).optional(),
  rebase: z.array(z.strictObject({ from: z.string(), to: z.string() })).optional(),
  view: z.enum(['snapshot', 'read-optimized']).optional(),
  /** Files that still hold columns which were dropped. */
  redactDropped: z.enum(['rewrite', 'refuse']).optional(),
  /** Whoever runs the server reads the footers of the files before the first recipient asks. */
  warm: z.boolean().optional(),
  history: z.boolean().default(false),
  startVersion: z.int().nonnegative().optional(),
  /** SQL over partition columns: only the partitions for which it holds are shared. */
  partitions: z.string().min(1).optional(),
  accessModes: z
    .array(z.enum(['url', 'dir']))
    .min(1)
    .optional(),
})

type TableConfig = z.output<typeof table>

const schema = z.strictObject({ name, tables: z.array(table).default([]) })

const share = z.strictObject({
  name: shareName,
  id: z.string().min(1).optional(),
  displayName: z.string().max(255).optional(),
  comment: z.string().max(65_536).optional(),
  properties: z.record(z.string().max(255), z.string().max(1000)).optional(),
  schemas: z.array(schema).default([]),
})

const instant = z.union([z.iso.datetime({ offset: true }), z.date()])

const token = z.strictObject({
  /** Hex SHA-256 of the bearer token: the token itself is never written down. */
  sha256: z.string().regex(/^[0-9a-fA-F]{64}$/, 'must be 64 hexadecimal digits'),
  expiresAt: instant.optional(),
})

const recipient = z.strictObject({
  name: z.string().min(1).max(255),
  id: z.string().min(1).optional(),
  tokens: z.array(token).default([]),
  /** Names of shares, or '*' for all of them. */
  shares: z.array(z.string()).default([]),
})

const config = z.strictObject({
  shares: z.array(share).default([]),
  recipients: z.array(recipient).default([]),
})

/** What a provider writes down about shares and recipients. */
export type SharesConfig = z.input<typeof config>
export type CheckedConfig = z.output<typeof config>

/** Refuses what is misspelt, named twice, or granted and not there, and says where. */
export function checkSharesConfig(document: unknown): CheckedConfig {
  const parsed = config.safeParse(document)
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(issue => `${pathText(issue.path)}: ${issue.message}`)
    throw refused(reasons.join('; '))
  }
  checkNames(parsed.data)
  return parsed.data
}

function pathText(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the document' : path.map(String).join('.')
}

function checkNames({ shares, recipients }: CheckedConfig): void {
  unique('share', shares)
  unique('recipient', recipients)
  for (const one of shares) {
    unique(`schema in share ${one.name}`, one.schemas)
    for (const two of one.schemas) {
      unique(`table in schema ${one.name}.${two.name}`, two.tables)
      for (const three of two.tables) checkDirectory(three)
    }
  }
  const ids = recipients.map(one => one.id ?? one.name)
  if (new Set(ids).size < ids.length) throw refused('two recipients have the same id')
  const known = new Set(shares.map(one => one.name.toLowerCase()))
  for (const { name, shares: granted } of recipients) {
    for (const grant of granted) {
      if (grant !== '*' && !known.has(grant.toLowerCase())) {
        throw refused(`recipient ${name} is granted share ${grant}, which is not defined`)
      }
    }
  }
  const hashes = recipients.flatMap(one => one.tokens.map(({ sha256 }) => sha256.toLowerCase()))
  if (new Set(hashes).size < hashes.length) throw refused('two recipients have the same token')
}

/** Credentials open the whole folder: every version and every partition that is in it. */
function checkDirectory(table: TableConfig): void {
  if (!table.accessModes?.includes('dir')) return
  const { history, startVersion, partitions, rebase, view, metadataFile, redactDropped } = table
  const source = { rebase, view, metadataFile, redactDropped }
  const leaks = heldBack({ history, startVersion, partitions, source })
  if (leaks.length === 0) return
  throw refused(
    `table ${table.name} cannot be shared by dir access, because ${leaks.join(' and ')}`,
  )
}

function unique(what: string, items: readonly { readonly name: string }[]): void {
  const seen = new Set<string>()
  for (const item of items) {
    const name = item.name.toLowerCase()
    if (seen.has(name)) throw refused(`${what} is defined twice: ${item.name}`)
    seen.add(name)
  }
}

function refused(message: string): TableError {
  return new TableError('INVALID_REQUEST', `invalid shares configuration: ${message}`)
}
