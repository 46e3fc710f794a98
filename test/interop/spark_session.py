"""Spark with the Delta Sharing connector, or the reason why there is none.

python spark_session.py --resolve fetches the jars ahead of the tests.
"""

import functools
import os
import pathlib
import shutil
import sys

# The connector is released with Delta, for one version of Spark each.
PACKAGES = ["io.delta:delta-spark_2.12:3.3.2", "io.delta:delta-sharing-spark_2.12:3.3.2"]
REPO = pathlib.Path(__file__).resolve().parent.parent.parent
IVY = REPO / ".cache" / "ivy"


class NoSpark(Exception):
    pass


@functools.cache
def open_session():
    if shutil.which("java") is None:
        raise NoSpark("there is no Java to run Spark with")
    from pyspark.errors import PySparkRuntimeError
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.master("local[1]").appName("spillway-interop")
    for key, value in settings().items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except PySparkRuntimeError as error:
        raise NoSpark(f"Maven has not {' and '.join(PACKAGES)}, or cannot be reached") from error


def settings():
    jars = os.environ.get("SPILLWAY_SPARK_JARS")
    if jars:
        source = {"spark.jars": ",".join(str(jar) for jar in sorted(pathlib.Path(jars).glob("*.jar")))}
    else:
        source = {"spark.jars.packages": ",".join(PACKAGES), "spark.jars.ivy": str(IVY)}
    return {
        **source,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.databricks.delta.snapshotPartitions": "1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        # URLs that live for seconds are refreshed: by default the connector takes less than 15 minutes for a mistake.
        "spark.delta.sharing.driver.refreshCheckIntervalMs": "500",
        "spark.delta.sharing.driver.refreshThresholdMs": "12000",
        "spark.delta.sharing.executor.refreshThresholdMs": "12000",
        # The least it takes.
        "spark.delta.sharing.streaming.queryTableVersionIntervalSeconds": "10s",
        # The server of this suite speaks http on the loopback interface.
        "spark.delta.sharing.network.sslTrustAll": "true",
    }


if __name__ == "__main__" and "--resolve" in sys.argv:
    try:
        open_session().stop()
    except NoSpark as reason:
        print(f"Spark's tests will be skipped: {reason}")
