"""hudi-rs over the simulated store: opens the table and names the file slices that a predicate leaves."""

from hudi import HudiReadOptions, HudiTableBuilder
from stored import AWS_OPTIONS, answer, job, location

filters = [("key", ">=", str(int(job["from"]))), ("key", "<", str(int(job["to"])))]
if job["bucket"] is not None:
    filters.append(("bucket", "=", str(job["bucket"])))


def plan():
    table = HudiTableBuilder.from_base_uri(location).with_options(AWS_OPTIONS).build()
    slices = table.get_file_slices(HudiReadOptions(filters=filters))
    return [each.base_file_relative_path() for each in slices]


answer(plan)
