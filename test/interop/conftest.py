"""Two servers: tables on disk with a staging folder, and tables on S3 without one."""

import pytest

from sharing_server import NoS3Server, s3_server, sharing_server


@pytest.fixture(scope="session")
def local_profile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    with sharing_server(folder, staging=str(folder / "staging")) as profile:
        yield profile


@pytest.fixture(scope="session")
def s3_profile(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s3")
    try:
        with s3_server(folder / "state") as storage:
            where = lambda table: f"s3://golden-tables/{table['folder']}"  # noqa: E731
            with sharing_server(folder, storage, where) as profile:
                yield profile
    except NoS3Server as reason:
        pytest.skip(str(reason))


@pytest.fixture(scope="session", params=["local", "s3"])
def stored_on(request):
    return request.param


@pytest.fixture(scope="session")
def profile(stored_on, request):
    return request.getfixturevalue(f"{stored_on}_profile")


@pytest.fixture(scope="session")
def url(profile):
    """The client's name of a table."""
    return lambda table: f"{profile}#golden.delta.{table}"
