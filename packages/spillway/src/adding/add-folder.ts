import type { InTimeOptions } from '../doctor/in-time.js'
import { sameName } from '../edit/named-lists.js'
import { nameFor, nameFromLocation } from '../edit/share-names.js'
import { LIST_OF } from '../edit/shared-kinds.js'
import { addShared, fullName, sharedNameOf } from '../edit/shares.js'
import { readableAsset } from '../readable/readable-asset.js'
import { type Addition, type Found, type Place, schemaOf, taken, withHint } from './addition.js'
import { foundText } from './found-text.js'

export interface FolderOptions {
  readonly kind: 'volume' | 'skill'
  readonly place: Place
  /** `--name` */
  readonly given: string | undefined
  /** What it is called where nothing was said; the folder's name unless given. */
  readonly ownName?: string | undefined
  readonly digests?: boolean | undefined
  readonly public?: boolean | undefined
}

/** A volume, or one skill. */
export function folderAddition(options: FolderOptions): Addition {
  const { kind, place, given, ownName } = options
  const more = {
    ...(options.digests === true && { digests: true }),
    ...(options.public === true && { public: true }),
  }
  return {
    edit(document, config) {
      const guess = () => ownName ?? nameFromLocation(place.said, kind)
      const name = nameFor(document, { kind, given, guess })
      const there = schemaOf(config, name)?.[LIST_OF[kind]]?.find(each =>
        sameName(each.name, name.name),
      )
      if (there !== undefined) {
        const flags: Readonly<Record<string, unknown>> = there
        const others = Object.keys(more).filter(key => flags[key] !== true)
        if (there.location !== place.uri) throw taken(fullName(name), `from ${there.location}`)
        if (others.length > 0) throw taken(fullName(name), `without ${others.join(' and ')}`)
      } else {
        const entry = { name: name.name, location: place.written, ...more }
        addShared(document, { kind, ...name }, entry)
      }
      const { share, schema } = name
      const facts = { location: place.written }
      return { share, schema, name: fullName(name), isNew: there === undefined, moved: [], facts }
    },
    read: (config, made, time) =>
      withHint(kind, place, () => foundIn(config, made.name, { kind, place, time })),
  }
}

async function foundIn(
  config: Parameters<Addition['read']>[0],
  name: string,
  { kind, place, time }: Pick<FolderOptions, 'kind' | 'place'> & { readonly time: InTimeOptions },
): Promise<Found> {
  const folder = { kind, ...sharedNameOf(name)! }
  const target = { folder, location: place.uri, isByCredentials: false }
  const { leftOut, ...facts } = await readableAsset(config, target, time)
  return { facts: { kind, ...facts }, text: `${kind}, ${foundText(facts)}`, leftOut }
}
