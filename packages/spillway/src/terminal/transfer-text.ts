import type { DownloadProgress } from '@spillway/client/node'
import { formatBytes, formatCount, formatPercent } from './format-table.js'

/** Rates are of the last seconds: what a link did an hour ago says nothing of what is left. */
const WINDOW_MS = 10_000

/** `3 of 8 files  2.1 of 10 GB (21 %)  310 MB/s  26 s left`, as progress is told. */
export function transferText(
  now: () => number = () => performance.now(),
): (progress: DownloadProgress) => string {
  let samples: { readonly at: number; readonly fetched: number }[] = []
  return ({ files, filesDone, bytes, bytesDone, bytesFetched }) => {
    const at = now()
    samples = [...samples.filter(each => at - each.at < WINDOW_MS), { at, fetched: bytesFetched }]
    const [first] = samples
    const seconds = (at - first!.at) / 1000
    const rate = seconds < 0.5 ? 0 : (bytesFetched - first!.fetched) / seconds
    const parts = [
      `${formatCount(filesDone)} of ${formatCount(files, 'file')}`,
      `${formatBytes(bytesDone)} of ${formatBytes(bytes)} (${formatPercent(bytesDone, bytes)})`,
      ...(rate > 0
        ? [`${formatBytes(Math.round(rate))}/s`, leftText((bytes - bytesDone) / rate)]
        : []),
    ]
    return parts.join('  ')
  }
}

function leftText(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s left`
  const minutes = Math.round(whole / 60)
  return minutes < 60
    ? `${minutes} min left`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min left`
}
