import { isTableError, type JsonObject, TableError } from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { folderUri, locationFromInput } from '@spillway/storage'
import type { Document } from 'yaml'
import type { ServeConfig } from '../configuration/config.js'
import type { InTimeOptions } from '../doctor/in-time.js'
import type { MovedAlias } from '../edit/model-versions.js'
import { sameName } from '../edit/named-lists.js'
import { writtenLocation } from '../edit/share-names.js'
import type { SharedKind } from '../edit/shared-kinds.js'
import type { SchemaName } from '../edit/shares.js'
import { folderHint } from '../readable/location-hint.js'

/** What is shared afterwards. */
export interface Made extends SchemaName {
  /** As recipients name it; of a folder of skills its schema. */
  readonly name: string
  /** False where it is there already. */
  readonly isNew: boolean
  readonly moved: readonly MovedAlias[]
  /** Of the file, for programs. */
  readonly facts: JsonObject
}

/** What was found there, for programs and for people. */
export interface Found {
  readonly facts: JsonObject
  readonly text: string
  /** What of it recipients do not get, and why. */
  readonly leftOut: readonly string[]
}

/** A thing to be shared: how the file comes to say it, and how it is read before that. */
export interface Addition {
  edit(document: Document, config: ServeConfig): Made
  read(config: ServeConfig, made: Made, time: InTimeOptions): Promise<Found>
}

/** Where something lies, as it was said and as it is to be written. */
export interface Place {
  /** As the person wrote it. */
  readonly said: string
  readonly written: string
  /** A URI, with its last slash. */
  readonly uri: string
  /** Where the command is run. */
  readonly from: string
}

export function placeOf(
  said: string,
  { from, folder }: { readonly from: string; readonly folder: string },
): Place {
  const written = writtenLocation(said, { from, folder })
  return { said, written, uri: folderUri(locationFromInput(written, folder)), from }
}

/** The schema of a configuration that was read: its locations are URIs. */
export function schemaOf(
  { shares: { shares = [] } }: { readonly shares: SharesConfig },
  { share, schema }: SchemaName,
) {
  const found = shares.find(each => sameName(each.name, share))
  return found?.schemas?.find(each => sameName(each.name, schema))
}

/** What is not there is told by how the person wrote it, and by what lies there instead. */
export async function withHint<Result>(
  kind: SharedKind,
  { said, from }: Place,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!isTableError(error) || error.code !== 'NOT_FOUND') throw error
    const hint = await folderHint(kind, said, from)
    const { code, context, message } = error
    throw new TableError(code, `${message}${hint}; --no-check adds it unread`, {
      context,
      cause: error,
    })
  }
}

/** Something else has the name. */
export function taken(name: string, reason: string): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `${name} is shared already, ${reason}: choose another --name, or \`spillway share remove ${name}\` first`,
  )
}
