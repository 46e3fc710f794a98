import type { Connection } from '@spillway/rows'
import type { Lane } from './turns.js'

/** A session whose every statement waits for its turn: cancelling one never interrupts another. */
export function laneSession(session: Connection, lane: Lane): Connection {
  return {
    run: (sql, signal) => lane(signal, () => session.run(sql, signal)),
    all: (sql, signal) => lane(signal, () => session.all(sql, signal)),
    json: (sql, signal) => lane(signal, () => session.json(sql, signal)),
    types: sql => lane(undefined, () => session.types(sql)),
    // Both hold the connection after they return: whoever needs them takes the lane for as long.
    stream: (sql, signal) => session.stream(sql, signal),
    appender: table => session.appender(table),
    close: () => session.close(),
  }
}
