import type { Canvas } from './chart.js'
import { styleFor } from './style.js'
import type { Terminal } from './terminal.js'

/** Where output is no terminal, pictures are as wide as a terminal used to be. */
const DEFAULT_WIDTH = 80

/** The picture that standard output has room for. */
export function canvasOf({
  stdout,
  environment,
}: Pick<Terminal, 'stdout' | 'environment'>): Canvas {
  const columns = stdout.isTTY === true ? stdout.columns : undefined
  return {
    width: columns !== undefined && columns > 0 ? columns : DEFAULT_WIDTH,
    unicode: printsUnicode(environment),
    style: styleFor(stdout, environment),
  }
}

/** False where the locale (POSIX: the first that is set counts) or the terminal says that only ASCII will do. */
export function printsUnicode(environment: Terminal['environment']): boolean {
  if (environment.TERM === 'dumb' || environment.TERM === 'linux') return false
  const { LC_ALL, LC_CTYPE, LANG } = environment
  const locale = [LC_ALL, LC_CTYPE, LANG].find(each => each !== undefined && each !== '')
  return locale === undefined || /utf-?8/i.test(locale)
}
