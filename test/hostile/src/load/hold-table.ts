import type { NamedHold } from './name-holds.js'

/** Holds of more than `most` milliseconds by name: how often, the longest and what it was; the longest first. */
export function holdTable(holds: readonly NamedHold[], most: number): readonly string[] {
  const byName = new Map<string, { count: number; longest: number }>()
  for (const { ms, name } of holds) {
    if (ms <= most) continue
    const known = byName.get(name) ?? { count: 0, longest: 0 }
    byName.set(name, { count: known.count + 1, longest: Math.max(known.longest, ms) })
  }
  const rows = [...byName].sort(([, a], [, b]) => b.longest - a.longest)
  if (rows.length === 0) return [`no hold of more than ${most} ms`]
  return [
    'times   longest  what was being done',
    ...rows.map(
      ([name, { count, longest }]) =>
        `${String(count).padStart(5)}  ${String(Math.round(longest)).padStart(5)} ms  ${name}`,
    ),
  ]
}
