import { styleFor } from './style.js'
import type { Terminal } from './terminal.js'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const AFTER_MS = 1000
const EVERY_MS = 100

export interface Progress {
  /** What is being done now. */
  say(text: string): void
}

/** Runs `work`; once it has taken a second, a person at a terminal sees that something happens, on standard error. */
export async function withProgress<Result>(
  terminal: Pick<Terminal, 'stderr' | 'environment'>,
  text: string,
  work: (progress: Progress) => Promise<Result>,
): Promise<Result> {
  let shown = text
  const progress = {
    say(next: string) {
      shown = next
    },
  }
  if (terminal.stderr.isTTY !== true) return work(progress)
  const style = styleFor(terminal.stderr, terminal.environment)
  const start = Date.now()
  let frame = 0
  let visible = false
  const timer = setInterval(() => {
    const elapsed = Date.now() - start
    if (elapsed < AFTER_MS) return
    visible = true
    const turn = style.cyan(FRAMES[frame++ % FRAMES.length]!)
    terminal.stderr.write(
      `\r\u001b[2K${turn} ${shown} ${style.dim(`${Math.floor(elapsed / 1000)} s`)}`,
    )
  }, EVERY_MS)
  try {
    return await work(progress)
  } finally {
    clearInterval(timer)
    if (visible) terminal.stderr.write('\r\u001b[2K')
  }
}
