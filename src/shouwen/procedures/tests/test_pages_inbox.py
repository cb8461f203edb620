"""The inbox as a page, in the demo world."""

from __future__ import annotations

from django.urls import reverse


def test_pages_of_the_inbox(world, as_, django_assert_max_num_queries):
    page = as_("li")
    with django_assert_max_num_queries(9):
        assert page.get(reverse("notices:inbox")).status_code == 200
    found = page.get(reverse("notices:fresh"), {"after": "0"}).json()
    assert set(found) == {"last", "unread", "news"} and len(found["news"]) <= 5
    assert page.get(reverse("notices:fresh"), {"after": "x"}).json()["news"] == []
    wrong = page.post(reverse("notices:own"), {"quiet_from": "22:00", "quiet_to": ""})
    assert wrong.status_code == 422 and "要一起选" in wrong.content.decode()
    assert page.post(reverse("notices:own"), {"quiet_from": "22:00", "quiet_to": "07:00"}).status_code == 302
    assert "22:00" in page.get(reverse("notices:own")).content.decode()
