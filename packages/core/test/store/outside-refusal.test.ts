import { expect, it } from 'vitest'
import { placesOf } from '../../src/store/outside-refusal.js'

it.each([
  [['s3://b/x/day=1/', 's3://b/x/day=2/'], ['s3://b/x/']],
  [
    ['s3://b/x/data/', 's3://b/y/data/'],
    ['s3://b/x/data/', 's3://b/y/data/'],
  ],
  [
    ['file:///lake/u/', 'file:///lake/v/w/'],
    ['file:///lake/u/', 'file:///lake/v/w/'],
  ],
  [['file:///lake/', 'file:///lake/v/'], ['file:///lake/']],
  [['/far/u/a/', '/far/u/b/'], ['/far/u/']],
  [
    ['s3://b/', 's3://c/x/'],
    ['s3://b/', 's3://c/x/'],
  ],
])('of %j it names %j', (folders, places) => {
  expect(placesOf(folders, 'file:///lake/t')).toEqual(places)
})
