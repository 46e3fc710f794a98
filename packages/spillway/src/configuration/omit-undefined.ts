/** Absent members and undefined ones mean the same in a configuration; options know the former alone. */
export function omitUndefined<Options>(given: object): Options {
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Options
}
