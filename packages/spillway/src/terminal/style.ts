/** Text attributes, or none of them: where output is no terminal, or the reader said so (no-color.org). */
export interface Style {
  bold(text: string): string
  dim(text: string): string
  green(text: string): string
  yellow(text: string): string
  red(text: string): string
  cyan(text: string): string
}

const CODES = {
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
} as const

export function styleFor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Style {
  const noColor = environment.NO_COLOR !== undefined && environment.NO_COLOR !== ''
  const colored = stream.isTTY === true && !noColor && environment.TERM !== 'dumb'
  const paint = (name: keyof typeof CODES) => (text: string) =>
    colored ? `\u001b[${CODES[name][0]}m${text}\u001b[${CODES[name][1]}m` : text
  return {
    bold: paint('bold'),
    dim: paint('dim'),
    green: paint('green'),
    yellow: paint('yellow'),
    red: paint('red'),
    cyan: paint('cyan'),
  }
}
