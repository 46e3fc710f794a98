import { TableError } from '@spillway/core'
import { schemaFor } from '../edit/share-names.js'
import { addShared } from '../edit/shares.js'
import { readableSkills } from '../readable/readable-asset.js'
import { formatCount } from '../terminal/format-table.js'
import { type Addition, type Place, schemaOf, withHint } from './addition.js'

/** A folder whose folders are skills. */
export function skillFolderAddition({
  place,
  given,
  digests = false,
}: {
  readonly place: Place
  /** `--name` */
  readonly given: string | undefined
  readonly digests?: boolean | undefined
}): Addition {
  const kind = 'skill-folder'
  return {
    edit(document, config) {
      const name = schemaFor(document, given)
      const folders = schemaOf(config, name)?.skillFolders ?? []
      const there = folders.find(({ location }) => location === place.uri)
      const isNew = there === undefined
      if (digests && there?.digests === false) {
        throw new TableError(
          'INVALID_REQUEST',
          `this folder of skills is shared in ${name.share}.${name.schema} already, without digests: \`spillway share remove ${place.said}\` first`,
        )
      }
      const entry = { location: place.written, ...(digests && { digests }) }
      if (isNew) addShared(document, { kind, ...name }, entry)
      const facts = { location: place.written }
      return { ...name, name: `${name.share}.${name.schema}`, isNew, moved: [], facts }
    },
    read: (config, _, time) =>
      withHint(kind, place, async () => {
        const { skills, leftOut } = await readableSkills(config, place.uri, time)
        return {
          facts: { kind, skills },
          text: `folder of ${formatCount(skills, 'skill')}`,
          leftOut,
        }
      }),
  }
}
