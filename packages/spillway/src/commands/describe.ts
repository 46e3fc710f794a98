import {
  type FolderName,
  parseAssetName,
  parseTableName,
  type SharingClient,
} from '@spillway/client'
import { isTableError, writeJson } from '@spillway/core'
import { assetJson, assetLines } from '../recipient/asset-lines.js'
import { describeAsset } from '../recipient/describe-asset.js'
import { describeTable } from '../recipient/describe-table.js'
import { descriptionJson, descriptionLines } from '../recipient/description-lines.js'
import { withNearest } from '../recipient/list-shared.js'
import { openProfile } from '../recipient/open-profile.js'
import { PARTITIONS_SHOWN } from '../recipient/partition-chart.js'
import { parseSharePath } from '../recipient/share-path.js'
import { parseTimestamp } from '../tables/table-source.js'
import { withProgress } from '../terminal/progress.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { integerOf } from './table-options.js'

export interface DescribeCommandOptions {
  readonly version?: string | undefined
  readonly timestamp?: string | undefined
  readonly top?: string
  readonly kind?: FolderName['kind']
  readonly json?: boolean
}

/** `spillway describe PROFILE#share.schema.name[@version]`: what a shared table, volume, model or skill says about itself. */
export async function describeCommand(
  path: string,
  options: DescribeCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { profile, name } = parseSharePath(path)
  parseAssetName(name)
  const version = integerOf('--version', options.version)
  const top = Number(integerOf('--top', options.top) ?? PARTITIONS_SHOWN)
  if (options.timestamp !== undefined) parseTimestamp(options.timestamp)
  const { client } = await openProfile(profile, terminal)
  const asked = { name, options, version, top, terminal }
  const lines = await withProgress(terminal, `describing ${name}`, () =>
    withNearest(client, name, {
      signal: terminal.signal,
      work: () => (isTable(name, options) ? tableOrAsset(client, asked) : ofAsset(client, asked)),
    }),
  )
  for (const line of lines) await writeLine(terminal.stdout, line)
}

interface Asked {
  readonly name: string
  readonly options: DescribeCommandOptions
  readonly version: bigint | undefined
  readonly top: number
  readonly terminal: Terminal
}

/** A version behind the name, and a kind, are of assets. */
function isTable(name: string, { kind }: DescribeCommandOptions): boolean {
  return kind === undefined && parseAssetName(name).version === undefined
}

async function ofTable(
  client: SharingClient,
  { name, options, version, top, terminal }: Asked,
): Promise<readonly string[]> {
  const { signal } = terminal
  const { timestamp } = options
  const table = parseTableName(name)
  const description = await describeTable(client, table, { signal, version, timestamp })
  return options.json
    ? [writeJson(descriptionJson(name, description))]
    : descriptionLines(name, description, { terminal, top })
}

/** What is no table may be another kind. */
async function tableOrAsset(client: SharingClient, asked: Asked): Promise<readonly string[]> {
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
  client: SharingClient,
  { name, options: { kind, json }, top, terminal }: Asked,
): Promise<readonly string[]> {
  const { signal } = terminal
  const description = await describeAsset(client, name, { kind, top, signal })
  return json ? [writeJson(assetJson(description))] : assetLines(description, terminal)
}
