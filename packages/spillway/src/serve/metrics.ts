import type { EngineObserver } from '@spillway/engine'
import type { AccessLog } from '@spillway/server'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'

/** What a server counts of itself, for Prometheus. Never a recipient's name or token, a path or a predicate. */
export interface ServerMetrics {
  readonly log: AccessLog
  readonly observer: EngineObserver
  /** A request has come; `log` says when its answer has ended. */
  readonly begin: () => void
  /** The text exposition format, and its content type. */
  expose(): Promise<{ readonly text: string; readonly type: string }>
}

const SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60, 600]

export function createServerMetrics(): ServerMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const requests = requestMetrics(registry)
  return {
    log: requests.log,
    begin: requests.begin,
    observer: engineMetrics(registry),
    expose: async () => ({ text: await registry.metrics(), type: registry.contentType }),
  }
}

function requestMetrics(registry: Registry): Pick<ServerMetrics, 'log' | 'begin'> {
  const registers = [registry]
  const underWay = new Gauge({
    name: 'spillway_requests_under_way',
    help: 'Requests whose answer has not ended',
    registers,
  })
  const requests = new Counter({
    name: 'spillway_requests_total',
    help: 'Requests by how they ended',
    labelNames: ['route', 'status', 'outcome'],
    registers,
  })
  const seconds = histogram(registry, 'spillway_request_seconds', 'Until the answer had ended')
  const firstByte = histogram(
    registry,
    'spillway_first_byte_seconds',
    'Until a streamed answer began',
  )
  const counters = answerCounters(registry)
  return {
    begin: () => underWay.inc(),
    log(record) {
      underWay.dec()
      const { route = 'none', status = 0, outcome = 'failed' } = record
      requests.inc({ route, status: String(status), outcome })
      if (record.durationMs !== undefined) seconds.observe({ route }, record.durationMs / 1000)
      if (record.firstByteMs !== undefined) firstByte.observe({ route }, record.firstByteMs / 1000)
      counters(record)
    },
  }
}

/** Files kept of how many, bytes, and what became of hints. */
function answerCounters(registry: Registry): AccessLog {
  const counter = (name: string, help: string, ...labelNames: readonly string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] })
  const bytes = counter('spillway_sent_bytes_total', 'Bytes of lines, before compression')
  const downloaded = counter('spillway_file_bytes_total', 'Bytes of local files behind signed URLs')
  const kept = counter('spillway_files_kept_total', 'Files that answers named', 'format')
  const total = counter('spillway_files_total', 'Files of the tables of whole answers', 'format')
  const hints = counter('spillway_hint_conditions_total', 'Conditions of hints, by use', 'use')
  const vended = counter('spillway_credentials_vended_total', 'Credentials given for folders')
  return record => {
    const { format = 'none' } = record
    const sent = record.file === undefined ? bytes : downloaded
    if (record.bytesSent !== undefined) sent.inc(record.bytesSent)
    if (record.filesReturned !== undefined) kept.inc({ format }, record.filesReturned)
    if (record.filesTotal !== undefined) total.inc({ format }, record.filesTotal)
    if (record.hints !== undefined) {
      hints.inc({ use: 'used' }, record.hints.used)
      hints.inc({ use: 'unused' }, record.hints.unused)
    }
    if (record.vended !== undefined) vended.inc()
  }
}

/** The engine names what it counts and times; new names need no change here. */
function engineMetrics(registry: Registry): EngineObserver {
  const events = new Counter({
    name: 'spillway_engine_events_total',
    help: 'What the engine did, by name',
    labelNames: ['event', 'format'],
    registers: [registry],
  })
  const work = new Histogram({
    name: 'spillway_engine_seconds',
    help: 'How long one piece of work of the engine took, by name',
    labelNames: ['work', 'format'],
    buckets: SECONDS,
    registers: [registry],
  })
  return {
    count: (event, value, { format = '' }) => events.inc({ event, format }, value),
    timing: (name, milliseconds, { format = '' }) =>
      work.observe({ work: name, format }, milliseconds / 1000),
  }
}

function histogram(registry: Registry, name: string, help: string): Histogram<'route'> {
  return new Histogram({
    name,
    help,
    labelNames: ['route'],
    buckets: SECONDS,
    registers: [registry],
  })
}
