import { schemaFor } from '../edit/share-names.js'
import { addShared } from '../edit/shares.js'
import { readableSkills } from '../readable/readable-asset.js'
import { formatCount } from '../terminal/format-table.js'
import { type Addition, type Place, schemaOf, withHint } from './addition.js'

/** A folder whose folders are skills. */
export function skillFolderAddition({
  place,
  given,
}: {
  readonly place: Place
  /** `--name` */
  readonly given: string | undefined
}): Addition {
  const kind = 'skill-folder'
  return {
    edit(document, config) {
      const name = schemaFor(document, given)
      const folders = schemaOf(config, name)?.skillFolders ?? []
      const isNew = !folders.some(({ location }) => location === place.uri)
      if (isNew) addShared(document, { kind, ...name }, { location: place.written })
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
