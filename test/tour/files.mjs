// What the name of a file says: of which source it was built, which room it lies in, and which package that is of.
import { readFileSync } from 'node:fs'

/** In the place of a file, for what the followed work itself calls. */
export const START = 'start'

/** `dist/x.js` is built of `src/x.ts`, one of each. */
const BUILT = /\/packages\/([\w-]+)\/dist\/(.+)\.js$/

/** The source of a built file, as a path from the root of the repository; undefined for any other file. */
export function sourceOf(url) {
  const built = BUILT.exec(url)
  return built === null ? undefined : `packages/${built[1]}/src/${built[2]}.ts`
}

/** The folder of a source as it is called in speech: `server/query` for packages/server/src/query/hints.ts. */
export function roomOf(file) {
  const [, name, , ...path] = file.split('/')
  return [name, ...path.slice(0, -1)].join('/')
}

/** `server` for the room `server/query`. */
export function packageOf(room) {
  return room.split('/')[0]
}

const bottoms = new Map()

/** True for a source of a package that imports no other: `core` (docs/architecture.md, section 2). */
export function isBottom(file) {
  if (file === START) return false
  const name = packageOf(roomOf(file))
  let bottom = bottoms.get(name)
  if (bottom === undefined) {
    const manifest = new URL(`../../packages/${name}/package.json`, import.meta.url)
    const { dependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'))
    bottom = !Object.values(dependencies).some(version => version.startsWith('workspace:'))
    bottoms.set(name, bottom)
  }
  return bottom
}
