export const DAY_MS = 86_400_000
const UNIT_MS: Readonly<Record<string, number>> = { d: DAY_MS, h: 3_600_000, m: 60_000 }

/** `90d`, `12h`, `30m` or `0`, in milliseconds; undefined for anything else. */
export function durationMs(text: string): number | undefined {
  if (text === '0') return 0
  const match = /^(\d{1,5})([dhm])$/.exec(text)
  return match === null ? undefined : Number(match[1]) * UNIT_MS[match[2]!]!
}
