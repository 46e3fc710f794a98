"""Tables by other people's writers, each into an empty folder, and their rows by the writer's own reader."""

import glob

import deltalake
import pyarrow.dataset
import pyarrow.parquet
import pyiceberg.exceptions
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import StaticTable

from values import NESTED, rows_of, schema_of


class Delta:
    """delta-rs: partitions, several commits, checkpoints with and without statistics as structs."""

    name = "delta"

    def write(self, random, folder):
        schema = schema_of(random)
        # The text of a float of 32 bits is shorter than the number that JSON has for it.
        plain = [name for name in schema.names if not name.startswith(NESTED) and name not in ("bin", "f")]
        parts = [name for name in plain if random.random() < 0.15][:2]
        structs = {"delta.checkpoint.writeStatsAsStruct": "true"} if random.random() < 0.3 else None
        for _ in range(random.randint(1, 5)):
            rows = rows_of(random, schema)
            deltalake.write_deltalake(folder, rows, mode="append", partition_by=parts or None, configuration=structs)
        if random.random() < 0.4:
            deltalake.DeltaTable(folder).create_checkpoint()

    def read(self, folder):
        return deltalake.DeltaTable(folder).to_pyarrow_table()


class Iceberg:
    """PyIceberg: both versions, every transform, metrics of all modes."""

    name = "iceberg"
    METRICS = ("full", "truncate(4)", "counts", "none")
    TRANSFORMS = ("identity", "bucket[4]", "truncate[2]", "day", "month", "year")

    def __init__(self, state):
        self.catalog = SqlCatalog("random", uri=f"sqlite:///{state}/catalog.db", warehouse=f"file://{state}")
        self.catalog.create_namespace_if_not_exists("n")

    def write(self, random, folder):
        schema = schema_of(random, without=("i8", "i16"))
        properties = {"format-version": random.choice(["1", "2"])}
        if random.random() < 0.3:
            properties["write.metadata.metrics.default"] = random.choice(self.METRICS)
        name = f"n.{folder.parent.name}"
        table = self.catalog.create_table(name, schema, location=f"file://{folder}", properties=properties)
        plain = [name for name in schema.names if not name.startswith(NESTED)]
        if plain and random.random() < 0.4:
            with table.update_spec() as spec:
                spec.add_field(random.choice(plain), random.choice(self.TRANSFORMS))
        for _ in range(random.randint(1, 4)):
            table.append(rows_of(random, schema))

    def read(self, folder):
        newest = sorted(glob.glob(f"{folder}/metadata/*.metadata.json"))[-1]
        return StaticTable.from_metadata(newest).scan().to_arrow()


class Parquet:
    """Arrow: files of all versions, row groups of one row, page indexes."""

    name = "parquet"

    def write(self, random, folder):
        schema = schema_of(random)
        folder.mkdir()
        for i in range(random.randint(1, 4)):
            pyarrow.parquet.write_table(
                rows_of(random, schema),
                folder / f"{i}.parquet",
                row_group_size=random.choice([1, 2, 100]),
                version=random.choice(["1.0", "2.4", "2.6"]),
                use_dictionary=random.random() < 0.5,
                store_decimal_as_integer=random.random() < 0.5,
                write_page_index=random.random() < 0.5,
                coerce_timestamps=random.choice([None, "us"]),
            )

    def read(self, folder):
        return pyarrow.dataset.dataset(folder, format="parquet").to_table()


# What a writer says of a table that it cannot write: names that are no file's, transforms that a type has not.
CANNOT = (
    *(deltalake.exceptions.DeltaError, pyiceberg.exceptions.ValidationError),
    *(ValueError, OSError, ZeroDivisionError, UnicodeEncodeError),
)
