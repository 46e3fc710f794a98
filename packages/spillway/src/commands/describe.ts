import {
  describeAsset,
  type FolderName,
  parseAssetName,
  parseTableName,
  type SharingClient,
} from '@spillway/client'
import { isTableError, TableError } from '@spillway/core'
import { assetJson } from '../described/asset-json.js'
import { assetLines } from '../described/asset-lines.js'
import { describeTable } from '../recipient/describe-table.js'
import { descriptionJson, descriptionLines } from '../recipient/description-lines.js'
import { withNearest } from '../recipient/list-shared.js'
import { openProfile } from '../recipient/open-profile.js'
import { PARTITIONS_SHOWN } from '../recipient/partition-chart.js'
import { parseSharePath } from '../recipient/share-path.js'
import { directClient, type StoreOptions } from '../recipient/store-options.js'
import { parseTimestamp } from '../tables/table-source.js'
import { integerOf } from '../terminal/integer-of.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'

export interface DescribeCommandOptions extends StoreOptions {
  readonly version?: string | undefined
  readonly timestamp?: string | undefined
  readonly top?: string
  readonly kind?: FolderName['kind']
  readonly tensors?: boolean
  readonly maxFiles?: string
  readonly json?: boolean
}

/**
 * `spillway describe PROFILE#share.schema.name[@version]`: what a shared table, volume, model or skill says about itself. False
 * where a file of it cannot be read, or contradicts others.
 */
export async function describeCommand(
  path: string,
  options: DescribeCommandOptions,
  terminal: Terminal,
): Promise<boolean> {
  const { profile, name } = parseSharePath(path)
  parseAssetName(name)
  const version = integerOf('--version', options.version)
  const top = Number(integerOf('--top', options.top) ?? PARTITIONS_SHOWN)
  if (options.timestamp !== undefined) parseTimestamp(options.timestamp)
  const { client } = await openProfile(profile, terminal)
  const maxFiles = maxFilesOf(options.maxFiles)
  const asked = { name, options, version, top, maxFiles, terminal }
  const { lines, ok } = await withProgress(terminal, `describing ${name}`, () =>
    withNearest(client, name, {
      signal: terminal.signal,
      work: () => (isTable(name, options) ? tableOrAsset(client, asked) : ofAsset(client, asked)),
    }),
  )
  for (const line of lines) await writeLine(terminal.stdout, line)
  return ok
}

function maxFilesOf(text: string | undefined): number | undefined {
  const given = integerOf('--max-files', text)
  if (given === undefined || (given >= 0n && given <= 100_000n))
    return given === undefined ? undefined : Number(given)
  throw new TableError('INVALID_REQUEST', `expected --max-files from 0 to 100000, found ${given}`)
}

interface Told {
  readonly lines: readonly string[]
  readonly ok: boolean
}

interface Asked {
  readonly name: string
  readonly options: DescribeCommandOptions
  readonly version: bigint | undefined
  readonly top: number
  readonly maxFiles: number | undefined
  readonly terminal: Terminal
}

/** What stands behind the name, and a kind, are of assets. */
function isTable(name: string, { kind }: DescribeCommandOptions): boolean {
  const { version, digest } = parseAssetName(name)
  return kind === undefined && version === undefined && digest === undefined
}

async function ofTable(
  client: SharingClient,
  { name, options, version, top, terminal }: Asked,
): Promise<Told> {
  const { signal } = terminal
  const { timestamp } = options
  const table = parseTableName(name)
  const description = await describeTable(client, table, { signal, version, timestamp })
  const lines = options.json
    ? [shownJson(descriptionJson(name, description))]
    : descriptionLines(name, description, { terminal, top })
  return { lines, ok: true }
}

/** What is no table may be another kind. */
async function tableOrAsset(client: SharingClient, asked: Asked): Promise<Told> {
  try {
    return await ofTable(client, asked)
  } catch (error) {
    if (!isTableError(error) || error.code !== 'NOT_FOUND') throw error
    return ofAsset(client, asked).catch(failure => {
      // Where it is neither, what was said of the table says more: which versions there are.
      throw isTableError(failure) && failure.code === 'NOT_FOUND' ? error : failure
    })
  }
}

async function ofAsset(
  plain: SharingClient,
  { name, options, top, maxFiles, terminal }: Asked,
): Promise<Told> {
  const { kind, tensors = false, json } = options
  const { signal } = terminal
  const client = directClient(plain, options)
  const description = await describeAsset(client, name, { kind, top, maxFiles, signal })
  const { faults, indexes } = description
  const ok = faults.length === 0 && indexes.every(index => index.faults.length === 0)
  const lines = json
    ? [shownJson(assetJson(description, { tensors }))]
    : assetLines(description, { terminal, tensors })
  return { lines, ok }
}
