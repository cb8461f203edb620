import pytest

from shouwen.org.tests.world import World, build


@pytest.fixture
def world(db: None) -> World:
    return build()
