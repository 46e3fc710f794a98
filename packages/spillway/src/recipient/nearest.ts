/** Names that somebody who wrote `wanted` may have meant, the likeliest first. */
export function nearestNames(
  wanted: string,
  names: Iterable<string>,
  count = 3,
): readonly string[] {
  const target = fold(wanted)
  const found: { readonly name: string; readonly distance: number }[] = []
  for (const name of names) {
    const distance = distanceBetween(target, name)
    if (distance !== undefined) found.push({ name, distance })
  }
  found.sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
  return found.slice(0, count).map(({ name }) => name)
}

/** `; did you mean a or b?`, or nothing where no name is near. */
export function didYouMean(wanted: string, names: Iterable<string>): string {
  const near = nearestNames(wanted, names)
  return near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`
}

/** Against the whole name and against its last part alone: who forgot the schema is told it. */
function distanceBetween(target: string, name: string): number | undefined {
  const whole = fold(name)
  const last = whole.slice(whole.lastIndexOf('.') + 1)
  const lastOfTarget = target.slice(target.lastIndexOf('.') + 1)
  const distance = Math.min(
    edits(target, whole),
    edits(lastOfTarget, last) + (target === lastOfTarget ? 0 : 1),
  )
  const allowed = Math.max(1, Math.floor(lastOfTarget.length / 3)) + 1
  return distance <= allowed || whole.includes(target) ? distance : undefined
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll('"', '')
}

/** Characters to insert, remove or change (Levenshtein), two neighbours swapped being one. */
function edits(a: string, b: string): number {
  let older: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const current = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      current[j] = Math.min(previous[j]! + 1, current[j - 1]! + 1, change)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) current[j] = Math.min(current[j]!, older[j - 2]! + 1)
    }
    older = previous
    previous = current
  }
  return previous[b.length]!
}
