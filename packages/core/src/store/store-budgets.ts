import { BUDGET_CEILINGS, DEFAULT_BUDGETS, type ReadBudgets } from '../errors/budgets.js'
import { TableError } from '../errors/errors.js'
import type { Fence, ObjectStore, WritableStore } from './object-store.js'

/** What `store` was given by `withBudgets`; the defaults for any other store. */
export function budgetsOf(store: Pick<ObjectStore, 'budgets'>): ReadBudgets {
  return store.budgets ?? DEFAULT_BUDGETS
}

/** `store` with limits of its own for whoever reads from it; those not given are the defaults. */
export function withBudgets(store: WritableStore, budgets: Partial<ReadBudgets>): WritableStore
export function withBudgets(store: ObjectStore, budgets: Partial<ReadBudgets>): ObjectStore
export function withBudgets(
  store: ObjectStore | WritableStore,
  budgets: Partial<ReadBudgets>,
): ObjectStore | WritableStore {
  const limited = withChecked(store, checkedBudgets(budgets))
  if (!('put' in store)) return limited
  return {
    ...limited,
    put: (path, bytes, options) => store.put(path, bytes, options),
    delete: (path, signal) => store.delete(path, signal),
  }
}

function withChecked(store: ObjectStore, budgets: ReadBudgets): ObjectStore {
  const { within, openLocal } = store
  return {
    budgets,
    get: (path, options) => store.get(path, options),
    head: (path, signal) => store.head(path, signal),
    list: (prefix, options) => store.list(prefix, options),
    listPrefixes: (prefix, signal) => store.listPrefixes(prefix, signal),
    ...(within && { within: (fence: Fence) => withChecked(within.call(store, fence), budgets) }),
    ...(openLocal && { openLocal: openLocal.bind(store) }),
  }
}

function checkedBudgets(given: Partial<ReadBudgets>): ReadBudgets {
  const keys = Object.keys(DEFAULT_BUDGETS) as (keyof ReadBudgets)[]
  for (const key of keys) {
    const value = given[key]
    if (value === undefined || (value >= 1 && value <= BUDGET_CEILINGS[key])) continue
    throw new TableError(
      'INVALID_REQUEST',
      `limits.${key} must be between 1 and ${BUDGET_CEILINGS[key]}, found ${value}`,
    )
  }
  const set = keys.filter(key => given[key] !== undefined).map(key => [key, given[key]])
  return { ...DEFAULT_BUDGETS, ...Object.fromEntries(set) }
}
