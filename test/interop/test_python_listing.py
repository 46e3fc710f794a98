"""The official Python client lists what is shared, and asks tables about themselves."""

import delta_sharing
import pytest
import requests

from golden import TABLES, tables
from refusals import TYPE_WIDENING, refused


@pytest.fixture
def client(profile):
    return delta_sharing.SharingClient(str(profile))


def test_list_all_tables(client):
    listed = {(table.share, table.schema, table.name) for table in client.list_all_tables()}
    assert listed == {("golden", "delta", name) for name in TABLES}


def test_list_level_by_level(client):
    (share,) = client.list_shares()
    (schema,) = client.list_schemas(share)
    assert (share.name, schema.name) == ("golden", "delta")
    assert sorted(table.name for table in client.list_tables(schema)) == sorted(TABLES)


@pytest.mark.parametrize("table", tables())
def test_version_of(url, table):
    assert delta_sharing.get_table_version(url(table)) == TABLES[table]["version"]


@pytest.mark.parametrize("table", tables())
def test_metadata_of(url, stored_on, table):
    if stored_on == "s3" and table == "type-widening":
        with refused(TYPE_WIDENING):
            delta_sharing.get_table_metadata(url(table))
        return
    metadata = delta_sharing.get_table_metadata(url(table))
    assert metadata.partition_columns == TABLES[table]["partitionColumns"]


@pytest.mark.parametrize("name", ["golden.delta.missing", "golden.other.plain", "other.delta.plain"])
def test_what_is_not_there_is_not_found(profile, name):
    with pytest.raises(requests.HTTPError) as caught:
        delta_sharing.load_as_pandas(f"{profile}#{name}")
    assert caught.value.response.status_code == 404


def test_a_wrong_token_is_refused(profile, tmp_path):
    wrong = tmp_path / "wrong.share"
    wrong.write_text(profile.read_text().replace('"bearerToken": "', '"bearerToken": "x'))
    with pytest.raises(requests.HTTPError) as caught:
        delta_sharing.SharingClient(str(wrong)).list_shares()
    assert caught.value.response.status_code == 401
