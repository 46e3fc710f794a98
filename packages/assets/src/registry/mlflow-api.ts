import { hasFewValues, isPassingStatus, TableError } from '@spillway/core'
import { Turns } from '../folders/turns.js'

export interface MlflowOptions {
  /** Of the tracking server: `https://mlflow.example`. */
  readonly url: string
  /** Sent as a bearer token; asked for with every request where it is a function. */
  readonly token?: string | (() => Promise<string>) | undefined
  /** In place of a token. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** For each answer. 30 by default. */
  readonly seconds?: number | undefined
  /**
   * How long an answer is good. 5000 by default: whoever fetches a file asks every second whether its version is still
   * shared.
   */
  readonly freshMs?: number | undefined
  readonly fetch?: typeof fetch | undefined
}

const SECONDS = 30
/** A page of versions has some KB for each. */
const MAX_BYTES = 4 * 1024 ** 2
/** Members and items of an answer: what is made of them takes many times their bytes. */
const MAX_VALUES = 100_000
/** Answers under way at once: each is held whole for a moment. */
const AT_ONCE = 8

/** Asks an MLflow tracking server (REST API 2.0), a few questions at once. Undefined where what is asked for is not there. */
export class MlflowApi {
  readonly #options: MlflowOptions
  readonly #base: string
  readonly #turns = new Turns(AT_ONCE)

  constructor(options: MlflowOptions) {
    this.#options = options
    this.#base = `${options.url.replace(/\/+$/, '')}/api/2.0/mlflow/`
  }

  /** What `read` takes of the answer: nothing else of it is held. */
  get<Answer>(
    method: string,
    query: Readonly<Record<string, string>>,
    read: (document: unknown) => Answer,
  ): Promise<Answer | undefined> {
    const url = `${this.#base}${method}?${new URLSearchParams(query)}`
    return this.#turns.take(async () => {
      const document = await this.#ask(url, method)
      return document === undefined ? undefined : read(document)
    })
  }

  async #ask(url: string, method: string): Promise<unknown> {
    const { fetch: send = fetch, seconds = SECONDS } = this.#options
    let status: number
    let text: string
    try {
      const answer = await send(url, {
        headers: { accept: 'application/json', ...(await this.#authorization()) },
        // Credentials go to the server that was configured, and to no other.
        redirect: 'error',
        signal: AbortSignal.timeout(seconds * 1000),
      })
      status = answer.status
      text = await boundedText(answer)
    } catch (cause) {
      throw unavailable(`it did not answer ${method}`, { cause })
    }
    if (status === 200) return parsed(text, method)
    if (status === 404) return undefined
    throw unavailable(`it answered ${status} to ${method}${reasonIn(text)}`, {
      status,
      retryable: isPassingStatus(status),
    })
  }

  async #authorization(): Promise<Readonly<Record<string, string>>> {
    const { token, username, password } = this.#options
    if (typeof token === 'function') return { authorization: `Bearer ${await token()}` }
    if (token !== undefined) return { authorization: `Bearer ${token}` }
    if (username === undefined) return {}
    const basic = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
    return { authorization: `Basic ${basic}` }
  }
}

async function boundedText(answer: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of answer.body ?? []) {
    length += chunk.byteLength
    if (length > MAX_BYTES) throw new Error(`more than ${MAX_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string, method: string): unknown {
  if (!hasFewValues(text, MAX_VALUES)) {
    const reason = `what it answered to ${method} has more than ${MAX_VALUES} values`
    throw unavailable(reason, { retryable: false })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unavailable(`what it answered to ${method} is no JSON`, { cause, retryable: false })
  }
}

/** MLflow's own error code, and nothing else of what it says. */
function reasonIn(text: string): string {
  const code = /"error_code"\s*:\s*"([A-Z_]{1,64})"/.exec(text)?.[1]
  return code === undefined ? '' : ` (${code})`
}

export function unavailable(
  reason: string,
  more: { readonly cause?: unknown; readonly status?: number; readonly retryable?: boolean } = {},
): TableError {
  const { cause, status, retryable } = more
  return new TableError('STORAGE_UNAVAILABLE', `the model registry cannot be read: ${reason}`, {
    cause,
    ...(status !== undefined && { context: { status } }),
    ...(retryable !== undefined && { retryable }),
  })
}
