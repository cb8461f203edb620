import pytest

from shouwen.procedures.engine.spans import parse, spoken, spoken_whole


@pytest.mark.parametrize(
    ("text", "unit", "amount", "anchor", "before"),
    [
        ("20 minutes from intake", "minute", 20, "intake", False),
        ("1 hour", "hour", 1, "", False),
        ("5 minutes before visit_at", "minute", 5, "visit_at", True),
        ("3 workdays from group.sub", "workday", 3, "group.sub", False),
        ("30 service minutes", "service minute", 30, "", False),
        ("2 service hours", "service hour", 2, "", False),
        ("end of day", "end of day", 0, "", False),
        ("end of day from day_on", "end of day", 0, "day_on", False),
        ("end of month", "end of month", 0, "", False),
        ("at once", "at once", 0, "", False),
        ("promptly", "promptly", 0, "", False),
        ("2 weeks", "week", 2, "", False),
        ("1 month", "month", 1, "", False),
        ("3 years", "year", 3, "", False),
    ],
)
def test_every_way_to_say_a_time(text: str, unit: str, amount: int, anchor: str, before: bool) -> None:
    span = parse(text)
    assert (span.unit, span.amount, span.anchor, span.before, span.text) == (unit, amount, anchor, before, text)


def test_end_of_shift_may_name_a_post() -> None:
    assert parse("end of shift of guard").post == "guard"
    assert parse("end of  shift") == parse("end of shift")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "20",
        "-1 hours",
        "1.5 hours",
        "end of day before x",
        "promptly of guard",
        "0 workdays",
        "0 service hours",
        "999999 hours",
        "5 minutes before",
    ],
)
def test_what_is_no_time_is_refused_in_chinese(text: str) -> None:
    with pytest.raises(ValueError, match=r"[一-鿿]"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "anchor", "said"),
    [
        ("20 minutes from intake", "受理", "「受理」后 20 分钟"),
        ("5 minutes before visit_at", "上门时间", "「上门时间」前 5 分钟"),
        ("0 minutes from done_on", "完工时间", "到「完工时间」"),
        ("3 workdays", "", "3 个工作日"),
        ("end of shift of guard", "", "guard 岗本班内"),
    ],
)
def test_times_are_said_in_chinese(text: str, anchor: str, said: str) -> None:
    assert spoken_whole(parse(text), anchor) == said


def test_lengths_order_a_ladder() -> None:
    texts = ["0 minutes", "30 minutes", "1 hour", "1 day", "1 workday", "1 week", "1 month"]
    assert [s.rough for s in map(parse, texts)] == sorted(s.rough for s in map(parse, texts))
    assert spoken(parse("promptly")) == "及时" and parse("2 hours").minutes == 120 and not parse("2 days").minutes
