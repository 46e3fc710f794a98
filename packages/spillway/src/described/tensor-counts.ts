import type { SafetensorsHeader } from '@spillway/assets'

/** Values of a file by their type, the most first. */
export function parametersByType({
  tensors,
}: SafetensorsHeader): readonly (readonly [dtype: string, parameters: bigint])[] {
  const counts = new Map<string, bigint>()
  for (const { dtype, shape } of tensors) {
    const values = shape.reduce((product, size) => product * BigInt(size), 1n)
    counts.set(dtype, (counts.get(dtype) ?? 0n) + values)
  }
  return [...counts].sort(([, a], [, b]) => (a < b ? 1 : -1))
}
