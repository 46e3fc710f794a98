// A process of its own: recipients who each read a long answer, and ask again when it has ended. Every second one is slow.
import { type IncomingMessage, request } from 'node:http'

export interface CrowdOptions {
  readonly endpoint: string
  readonly path: string
  readonly tokens: readonly string[]
  /** How long a slow recipient takes nothing after each 16 KiB. */
  readonly pauseMs: number
  /** Over which they arrive. */
  readonly arrivalMs: number
}

export interface CrowdState {
  readonly streaming: number
  readonly ended: number
  readonly refused: number
  readonly broken: number
  readonly bytes: number
}

const SLOW_BYTES = 16 * 1024
const state = { streaming: 0, ended: 0, refused: 0, broken: 0, bytes: 0 }
let isLeaving = false
const open = new Set<ReturnType<typeof request>>()

process.on('message', (message: CrowdOptions | 'state' | 'leave') => {
  if (message === 'state') process.send!(state satisfies CrowdState)
  else if (message === 'leave') leave()
  else arrive(message)
})

function arrive(options: CrowdOptions): void {
  const { tokens, arrivalMs } = options
  for (const [i, token] of tokens.entries()) {
    setTimeout(() => read(options, token, i % 2 === 1), (arrivalMs * i) / tokens.length)
  }
}

function leave(): void {
  isLeaving = true
  for (const each of open) each.destroy()
  process.send!(state satisfies CrowdState)
}

function read(options: CrowdOptions, token: string, isSlow: boolean): void {
  if (isLeaving) return
  const { endpoint, path, pauseMs } = options
  const post = request(`${endpoint}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    agent: false,
  })
  open.add(post)
  let isOver = false
  const over = (how: 'ended' | 'refused' | 'broken') => {
    if (isOver) return
    isOver = true
    open.delete(post)
    if (isLeaving) return
    state[how]++
    // One who was refused does not come back at once.
    setTimeout(() => read(options, token, isSlow), how === 'ended' ? 0 : 1000)
  }
  post.on('error', () => over('broken'))
  post.on('response', (response: IncomingMessage) => {
    if (response.statusCode !== 200) {
      response.resume()
      return over('refused')
    }
    state.streaming++
    response.once('close', () => {
      state.streaming--
      over(response.complete ? 'ended' : 'broken')
    })
    response.on('error', () => undefined)
    take(response, isSlow ? pauseMs : 0)
  })
  post.end('{}')
}

function take(response: IncomingMessage, pauseMs: number): void {
  let since = 0
  response.on('data', (chunk: Buffer) => {
    state.bytes += chunk.length
    since += chunk.length
    if (pauseMs === 0 || since < SLOW_BYTES) return
    since = 0
    response.pause()
    setTimeout(() => response.resume(), pauseMs)
  })
}
