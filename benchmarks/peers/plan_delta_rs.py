"""delta-rs over the simulated store: opens the table and names the files that a predicate leaves."""

from deltalake import DeltaTable
from stored import AWS_OPTIONS, answer, location, where

answer(lambda: DeltaTable(location, storage_options=AWS_OPTIONS).file_uris(file_pruning_predicate=where))
