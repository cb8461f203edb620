import pytest

from shouwen.org.tests.world import World


@pytest.fixture
def world(town: World) -> World:
    return town
