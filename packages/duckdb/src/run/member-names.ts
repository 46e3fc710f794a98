export { memberNames } from '@spillway/rows'
