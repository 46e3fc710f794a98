import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The browser of this machine: `SPILLWAY_CHROMIUM`, or where distributions put it. */
export const chromiumPath = [process.env.SPILLWAY_CHROMIUM, ...PLACES].find(
  path => path !== undefined && existsSync(path),
)

export const withoutChromium =
  chromiumPath === undefined
    ? ' (skipped: no Chromium here; install the chromium package or set SPILLWAY_CHROMIUM)'
    : ''

export function startChromium(): Promise<Browser> {
  // Containers run as root, where Chromium's own sandbox does not start; only our own pages are opened.
  const args = ['--no-sandbox', '--disable-dev-shm-usage']
  return chromium.launch({ executablePath: chromiumPath!, headless: true, args })
}
