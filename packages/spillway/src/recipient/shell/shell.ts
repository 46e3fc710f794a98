import { splitSql } from '@spillway/duckdb'
import { errorLines } from '../../error-lines.js'
import { styleFor } from '../../style.js'
import { type Terminal, writeLine } from '../../terminal.js'
import { canvasOf } from '../canvas.js'
import { explanationLines } from '../explanation-lines.js'
import type { HeldRows } from '../result-chart.js'
import { runSql, summaryText } from '../run-sql.js'
import type { ShareSession } from '../share-session.js'
import { runDotCommand } from './dot-commands.js'
import type { ShellSettings } from './settings.js'

/** Lines in, answers out: what a shell keeps between them. */
export class Shell {
  readonly session: ShareSession
  readonly terminal: Terminal
  #settings: ShellSettings
  #pending = ''
  #last: HeldRows | undefined
  #running: AbortController | undefined
  #done = false

  constructor(
    session: ShareSession,
    { terminal, settings }: { readonly terminal: Terminal; readonly settings: ShellSettings },
  ) {
    this.session = session
    this.terminal = terminal
    this.#settings = settings
  }

  get settings(): ShellSettings {
    return this.#settings
  }

  /** The beginning of the last answer. */
  get last(): HeldRows | undefined {
    return this.#last
  }

  get done(): boolean {
    return this.#done
  }

  /** Text of a statement that is not finished. */
  get pending(): string {
    return this.#pending
  }

  set(settings: Partial<ShellSettings>): void {
    this.#settings = { ...this.#settings, ...settings }
  }

  quit(): void {
    this.#done = true
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
      return this.#run(signal => runDotCommand(this, line, signal))
    const { statements, rest } = splitSql(`${this.#pending}${line}\n`)
    this.#pending = rest.trim() === '' ? '' : rest
    for (const statement of statements) {
      if (this.#done) return
      await this.#run(signal => this.#query(statement, signal))
    }
  }

  /** The end of the input ends a statement too. */
  async end(): Promise<void> {
    const statement = this.#pending.trim()
    this.#pending = ''
    if (statement !== '') await this.#run(signal => this.#query(statement, signal))
  }

  async print(lines: readonly string[]): Promise<void> {
    for (const line of lines) await writeLine(this.terminal.stdout, line)
  }

  printError(error: unknown): void {
    const style = styleFor(this.terminal.stderr, this.terminal.environment)
    const [first = '', ...rest] = errorLines(error)
    this.terminal.stderr.write(`${[style.red(first), ...rest].join('\n')}\n`)
  }

  async #run(work: (signal: AbortSignal) => Promise<void> | void): Promise<void> {
    const running = new AbortController()
    this.#running = running
    try {
      await work(AbortSignal.any([running.signal, this.terminal.signal]))
    } finally {
      this.#running = undefined
    }
  }

  async #query(sql: string, signal: AbortSignal): Promise<void> {
    const { mode, limit, explain, timer } = this.#settings
    const answered = await runSql(this.session, sql, {
      run: {
        mode,
        limit,
        signal,
        onHeld: held => {
          this.#last = held
        },
      },
      terminal: this.terminal,
    })
    const { style } = canvasOf(this.terminal)
    if (mode === 'table' || timer) {
      const stream = mode === 'table' ? this.terminal.stdout : this.terminal.stderr
      const summary = summaryText(answered, { timer, moreHint: '.limit all' })
      await writeLine(stream, mode === 'table' ? style.dim(summary) : summary)
    }
    if (explain && answered.explanation.scans.length > 0)
      await this.print(['', ...explanationLines(answered.explanation, canvasOf(this.terminal)), ''])
  }
}
