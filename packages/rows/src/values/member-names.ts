/** An object has one member of a name, SQL may have many columns of it: the later ones are numbered. */
export function memberNames(names: readonly string[]): readonly string[] {
  const taken = new Set(names)
  const seen = new Set<string>()
  return names.map(name => {
    let free = name
    for (let i = 1; seen.has(free) || (free !== name && taken.has(free)); i++) free = `${name}_${i}`
    seen.add(free)
    return free
  })
}
