import { anatomyOf } from './anatomy.js'
import { type Answer, differences } from './answer.js'
import { EXPLANATIONS } from './explanations.js'
import type { Mutant } from './mutant.js'
import { pathPattern } from './slots.js'

/** Which places of a table's files say something else in a mutant; `undefined` where a file is no longer whole. */
export function changedPlaces(mutant: Mutant): readonly string[] | undefined {
  if (mutant.layer === 'file') return [mutant.mutator]
  // What records the file's length only follows it.
  const [[path, bytes]] = [...mutant.changed] as [[string, Uint8Array]]
  const clean = saidBy(path, mutant.table.objects().get(path)!)
  const found = saidBy(path, bytes)
  if (found === undefined || clean === undefined) return undefined
  const places = new Set<string>()
  for (const [line, count] of clean) if (found.get(line) !== count) places.add(placeOf(line))
  for (const [line, count] of found) if (clean.get(line) !== count) places.add(placeOf(line))
  return [...places].sort()
}

const SEPARATOR = '\u0001'

/** Every value of a file with its place, each as often as it is there. */
function saidBy(path: string, bytes: Uint8Array): ReadonlyMap<string, number> | undefined {
  const said = new Map<string, number>()
  try {
    for (const part of anatomyOf(path, bytes).parts) {
      const name = part.name.replace(/ \d+$/, '')
      for (const { path: place, kind, text } of part.slots(part.bytes)) {
        const line = `${name}: ${pathPattern(place)}${SEPARATOR}${kind === 'json-member' ? '' : text}`
        said.set(line, (said.get(line) ?? 0) + 1)
      }
    }
  } catch {
    return undefined
  }
  return said
}

function placeOf(line: string): string {
  return line.slice(0, line.indexOf(SEPARATOR))
}

/** Why each changed aspect may change, or undefined where one of them may not. */
export function explain(
  mutant: Mutant,
  { clean, found }: { readonly clean: Answer; readonly found: Answer },
  places: readonly string[] | undefined,
): readonly string[] | undefined {
  if (places === undefined) return undefined
  const reasons = new Set<string>()
  for (const aspect of differences(clean, found)) {
    const reason = EXPLANATIONS.find(
      each =>
        each.format === mutant.table.format &&
        each.kind.test(mutant.kind) &&
        each.aspects.includes(aspect) &&
        places.some(place => each.place.test(place)) &&
        (each.when?.(clean, found, mutant) ?? true),
    )
    if (reason === undefined) return undefined
    reasons.add(reason.why)
  }
  return [...reasons]
}
