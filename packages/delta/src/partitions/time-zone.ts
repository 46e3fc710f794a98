/** Java's short names of zones, which Spark takes: `ZoneId.SHORT_IDS`. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  ACT: 'Australia/Darwin',
  AET: 'Australia/Sydney',
  AGT: 'America/Argentina/Buenos_Aires',
  ART: 'Africa/Cairo',
  AST: 'America/Anchorage',
  BET: 'America/Sao_Paulo',
  BST: 'Asia/Dhaka',
  CAT: 'Africa/Harare',
  CNT: 'America/St_Johns',
  CST: 'America/Chicago',
  CTT: 'Asia/Shanghai',
  EAT: 'Africa/Addis_Ababa',
  ECT: 'Europe/Paris',
  EST: '-05:00',
  HST: '-10:00',
  IET: 'America/Indiana/Indianapolis',
  IST: 'Asia/Kolkata',
  JST: 'Asia/Tokyo',
  MIT: 'Pacific/Apia',
  MST: '-07:00',
  NET: 'Asia/Yerevan',
  NST: 'Pacific/Auckland',
  PLT: 'Asia/Karachi',
  PNT: 'America/Phoenix',
  PRT: 'America/Puerto_Rico',
  PST: 'America/Los_Angeles',
  SST: 'Pacific/Guadalcanal',
  VST: 'Asia/Ho_Chi_Minh',
}

const OFFSET = /^(?:UTC|UT|GMT)?(?:([+-])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2}))?|(\d{2})(\d{2})?)?)?$/
const MAX_OFFSET_SECONDS = 18 * 3600

/**
 * Seconds that a zone is ahead of UTC when its clocks show `local` seconds since the epoch; undefined where nobody
 * knows the zone. Of an hour that comes twice it is the first; an hour that is left out goes by the time before.
 */
export function offsetIn(zone: string, local: number): number | undefined {
  const name = Object.hasOwn(SHORT_NAMES, zone) ? SHORT_NAMES[zone]! : zone
  if (/^z$/i.test(name)) return 0
  const match = OFFSET.exec(name)
  return match === null || name === '' ? offsetOfRegion(name, local) : fixedOffset(match)
}

function fixedOffset(match: RegExpExecArray): number | undefined {
  const [, sign, hours = '0', minutes = match[5] ?? '0', seconds = match[6] ?? '0'] = match
  if (Number(minutes) > 59 || Number(seconds) > 59) return undefined
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  if (size > MAX_OFFSET_SECONDS) return undefined
  return sign === '-' ? -size : size
}

const DAY_SECONDS = 86_400

function offsetOfRegion(name: string, local: number): number | undefined {
  const clock = clockOf(name)
  if (clock === undefined) return undefined
  const before = clock(local - DAY_SECONDS)
  const after = clock(local + DAY_SECONDS)
  if (clock(local - before) === before) return before
  return clock(local - after) === after ? after : before
}

/** How far ahead of UTC a region is at an instant. */
function clockOf(name: string): ((instant: number) => number) | undefined {
  // An abbreviation that platforms know is not always one that Java knows.
  if (!/^[A-Z][A-Za-z_]+\/|^(?:CET|EET|MET|WET)$/.test(name)) return undefined
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    return instant => shownBy(format, instant) - instant
  } catch {
    return undefined
  }
}

function shownBy(format: Intl.DateTimeFormat, instant: number): number {
  const parts = new Map(
    format.formatToParts(instant * 1000).map(({ type, value }) => [type, value] as const),
  )
  const part = (type: Intl.DateTimeFormatPartTypes) => Number(parts.get(type))
  const shown = new Date(0)
  const year = parts.get('era') === 'BC' ? 1 - part('year') : part('year')
  shown.setUTCFullYear(year, part('month') - 1, part('day'))
  shown.setUTCHours(part('hour'), part('minute'), part('second'))
  return shown.getTime() / 1000
}
