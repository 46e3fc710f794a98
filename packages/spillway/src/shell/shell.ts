import { splitSql } from '@spillway/duckdb'
import { explanationLines } from '../recipient/explanation-lines.js'
import { runSql, summaryText } from '../results/run-sql.js'
import { canvasOf } from '../terminal/canvas.js'
import { errorLines } from '../terminal/error-lines.js'
import { styleFor } from '../terminal/style.js'
import { writeLine } from '../terminal/terminal.js'
import { runDotCommand } from './dot-commands.js'
import type { ShellState } from './shell-state.js'

/** Lines in, answers out. */
export class Shell {
  readonly state: ShellState
  #pending = ''
  #running: AbortController | undefined

  constructor(state: ShellState) {
    this.state = state
  }

  /** Text of a statement that is not finished. */
  get pending(): string {
    return this.#pending
  }

  /** Stops the query that runs, or drops what was typed. True where a query was stopped. */
  interrupt(): boolean {
    const running = this.#running
    if (running === undefined) this.#pending = ''
    else running.abort(new Error('Ctrl-C'))
    return running !== undefined
  }

  /** Takes a line and runs what it finishes, in order, until something fails. */
  async feed(line: string): Promise<void> {
    if (this.#pending === '' && line.trimStart().startsWith('.'))
      return this.#run(signal => runDotCommand(this.state, line, signal))
    const { statements, rest } = splitSql(`${this.#pending}${line}\n`)
    this.#pending = rest.trim() === '' ? '' : rest
    for (const statement of statements) {
      if (this.state.done) return
      await this.#run(signal => this.#query(statement, signal))
    }
  }

  /** The end of the input ends a statement too. */
  async end(): Promise<void> {
    const statement = this.#pending.trim()
    this.#pending = ''
    if (statement !== '') await this.#run(signal => this.#query(statement, signal))
  }

  printError(error: unknown): void {
    const { stderr, environment } = this.state.terminal
    const style = styleFor(stderr, environment)
    const [first = '', ...rest] = errorLines(error)
    stderr.write(`${[style.red(first), ...rest].join('\n')}\n`)
  }

  async #run(work: (signal: AbortSignal) => Promise<void> | void): Promise<void> {
    const running = new AbortController()
    this.#running = running
    try {
      await work(AbortSignal.any([running.signal, this.state.terminal.signal]))
    } finally {
      this.#running = undefined
    }
  }

  async #query(sql: string, signal: AbortSignal): Promise<void> {
    const { session, terminal } = this.state
    const { mode, limit, explain, timer } = this.state.settings
    const answered = await runSql(session, sql, {
      run: {
        mode,
        limit,
        signal,
        onHeld: held => {
          this.state.last = held
        },
      },
      terminal,
    })
    const { style } = canvasOf(terminal)
    if (mode === 'table' || timer) {
      const stream = mode === 'table' ? terminal.stdout : terminal.stderr
      const summary = summaryText(answered, { timer, moreHint: '.limit all' })
      await writeLine(stream, mode === 'table' ? style.dim(summary) : summary)
    }
    if (explain && answered.explanation.scans.length > 0)
      await this.state.print([
        '',
        ...explanationLines(answered.explanation, canvasOf(terminal)),
        '',
      ])
  }
}
